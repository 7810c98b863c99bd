<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Program;
use PDO;
use PHPUnit\Framework\TestCase as PlainTestCase;

/**
 * Points 50 and 51: laravel-echo and pusher-js, the relay started by clairon:start, the extension,
 * and a Laravel application on a real server. echo/scenario.mjs is the browsers' side; all versions of
 * the clients run it at the same time.
 */
final class EchoTest extends PlainTestCase
{
    // Users are who they say they are in a header.
    private const USERS = <<<'PHP'
$app->booted(function () {
    config(['auth.guards.web' => ['driver' => 'header']]);
    Illuminate\Support\Facades\Auth::viaRequest('header', fn ($request) => $request->hasHeader('X-User')
        ? (new Clairon\Laravel\Tests\Fixtures\Models\User())->forceFill(['id' => (int) $request->header('X-User'), 'name' => 'User '.$request->header('X-User')])
        : null);
});
PHP;

    // Versions of laravel-echo and pusher-js, and the broadcaster that Echo is told.
    private const CLIENTS = [['2', '8', 'reverb'], ['2', '7', 'pusher'], ['1', '8', 'reverb'], ['1', '7', 'pusher']];

    private const CHANNELS = <<<'PHP'
<?php

use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('conversation.{id}', fn ($user, $id) => (int) $user->id === (int) $id);
Broadcast::channel('typing.{a}.{b}', fn ($user, $a, $b) => in_array($user->id, [(int) $a, (int) $b], true));
Broadcast::channel('room.{id}', fn ($user) => ['name' => $user->name]);
Broadcast::channel('vault', fn () => true);
PHP;

    private const ROUTES = <<<'PHP'
<?php

use App\Events\MessageRead;
use App\Events\MessageSent;
use App\Events\Said;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Illuminate\Broadcasting\EncryptedPrivateChannel;
use Illuminate\Broadcasting\PresenceChannel;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Route;

Route::post('/messages', function (Request $request) {
    $message = DB::transaction(function () use ($request) {
        $message = Message::create([
            'sender_id' => $request->user()->id,
            'receiver_id' => (int) $request->input('receiver_id'),
            'content' => $request->input('content'),
        ]);
        event(new MessageSent($message));

        return $message;
    });

    return response()->json($message, 201);
});
Route::get('/messages', fn (Request $request) => Message::where('receiver_id', $request->user()->id)
    ->where('id', '>', (int) $request->query('after'))->get());
Route::post('/messages/{message}/read', fn (Message $message) => event(new MessageRead($message)) && false ?: ['read' => true]);
Route::post('/say', function (Request $request) {
    broadcast(new Said('to others', new PresenceChannel($request->input('room'))))->toOthers();
    broadcast(new Said('to all', new PresenceChannel($request->input('room'))));
    broadcast(new Said('secret', new EncryptedPrivateChannel('vault')));

    return ['said' => true];
});
PHP;

    private const EVENT = <<<'PHP'
<?php

namespace App\Events;

use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Queue\SerializesModels;

class NAME implements ShouldBroadcast
{
    use InteractsWithSockets;
    use SerializesModels;

BODY
}
PHP;

    private Folder $app;

    private Program $relay;

    private Program $server;

    private string $relayPort;

    protected function setUp(): void
    {
        $this->app = AppFolder::make([
            'routes/web.php' => self::ROUTES,
            'routes/channels.php' => self::CHANNELS,
            'app/Events/MessageSent.php' => $this->event('MessageSent', 'receiver_id'),
            'app/Events/MessageRead.php' => $this->event('MessageRead', 'sender_id'),
            'app/Events/Said.php' => strtr(self::EVENT, [
                'NAME' => 'Said',
                'BODY' => 'public function __construct(public string $text, protected Channel $on) {} public function broadcastOn(): Channel { return $this->on; }',
            ]),
        ], more: self::USERS);
        $this->makeDatabase();
        $this->startRelay('0');
        $this->server = Program::start(
            [...Program::php(), '-S', '127.0.0.1:0', "{$this->app->path}/server.php"],
            $this->environment(),
            $this->app->path
        );
    }

    protected function tearDown(): void
    {
        unset($this->server, $this->relay, $this->app);
    }

    private function event(string $name, string $column): string
    {
        return strtr(self::EVENT, [
            'NAME' => $name,
            'BODY' => "public function __construct(public Message \$message) {} public function broadcastOn(): PrivateChannel { return new PrivateChannel('conversation.'.\$this->message->{$column}); }",
        ]);
    }

    /**
     * @return array<string, string>
     */
    private function environment(): array
    {
        return [
            'DB_DATABASE' => "{$this->app->path}/database.sqlite",
            'CLAIRON_ENCRYPTION_MASTER_KEY' => base64_encode(str_repeat('k', 32)),
            'CLAIRON_RELAY' => Program::relay(),
        ];
    }

    private function makeDatabase(): void
    {
        $database = new PDO("sqlite:{$this->app->path}/database.sqlite");
        $database->exec('create table messages (id integer primary key autoincrement, sender_id int, receiver_id int, content text, status text default "new")');
        $database->exec('create table jobs (id integer primary key autoincrement, queue text, payload text, attempts int, reserved_at int, available_at int, created_at int)');
    }

    private function startRelay(string $port): void
    {
        $this->relay = Program::artisan($this->app, ['clairon:start', "--port={$port}"], $this->environment());
        $this->relayPort = $this->relay->waitFor('/127\.0\.0\.1:([1-9]\d*)/')[1];
    }

    public function test_point_50_and_51_stock_clients_chat_over_a_restart(): void
    {
        $url = $this->server->waitFor('~\(http://(127\.0\.0\.1:\d+)\) started~')[1];
        $clients = [];

        foreach (self::CLIENTS as $i => [$echo, $pusher, $broadcaster]) {
            $clients[] = Program::start(['node', __DIR__ . '/echo/scenario.mjs'], [
                'APP' => "http://{$url}", 'WS_PORT' => $this->relayPort, 'ANN' => (string) (100 + $i), 'BOB' => (string) (200 + $i),
                'ECHO' => $echo, 'PUSHER' => $pusher, 'BROADCASTER' => $broadcaster,
            ]);
        }

        $this->meet($clients, 'stop the relay');
        $this->relay->process->signal(SIGTERM);
        self::assertSame(0, $this->relay->waitForEnd());
        $this->release($clients);
        $this->meet($clients, 'start the relay');
        $this->startRelay($this->relayPort);
        $this->release($clients);
        $this->meet($clients, 'done');

        foreach ($clients as $client) {
            self::assertSame(0, $client->waitForEnd(), $client->output());
        }

        $jobs = (new PDO("sqlite:{$this->app->path}/database.sqlite"))->query('select count(*) from jobs')->fetchColumn();
        self::assertSame(0, (int) $jobs);
    }

    /**
     * Waits until all have come to this point.
     *
     * @param list<Program> $clients
     */
    private function meet(array $clients, string $point): void
    {
        foreach ($clients as $i => $client) {
            self::assertSame($point, $client->line(), implode(', ', self::CLIENTS[$i]) . ': ' . $client->output());
        }
    }

    /**
     * @param list<Program> $clients
     */
    private function release(array $clients): void
    {
        foreach ($clients as $client) {
            $client->input->write("ok\n");
        }
    }
}
