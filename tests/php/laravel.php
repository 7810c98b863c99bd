<?php

// SPDX-License-Identifier: MIT
//
// Laravel's own broadcasters against a relay: nothing is changed but what stands in .env.
//   php laravel.php FOLDER DRIVER     the folder whose vendor/ has the framework; pusher or reverb

declare(strict_types=1);

use Clairon\Tests\Php\Support\Checks;
use Clairon\Tests\Php\Support\Client;
use Clairon\Tests\Php\Support\Relay;
use Illuminate\Auth\GenericUser;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\Channel;
use Illuminate\Broadcasting\InteractsWithSockets;
use Illuminate\Broadcasting\PresenceChannel;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Console\Kernel as Console;
use Illuminate\Contracts\Http\Kernel as Http;
use Illuminate\Foundation\Application;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Broadcast;

[, $folder, $driver] = $argv;

require __DIR__ . '/support/all.php';
require __DIR__ . "/{$folder}/vendor/autoload.php";

final class Shipped implements ShouldBroadcast
{
    use InteractsWithSockets;

    /**
     * @param list<Channel> $on
     */
    public function __construct(public readonly mixed $order, private readonly array $on)
    {
    }

    /**
     * @return list<Channel>
     */
    public function broadcastOn(): array
    {
        return $this->on;
    }
}

/**
 * The files of an application that has nothing but broadcasting; `env` is what its owner changes.
 *
 * @param array<string, string|int> $env
 */
function makeApplication(array $env): Application
{
    $base = sys_get_temp_dir() . '/clairon-laravel-' . bin2hex(random_bytes(6));
    foreach (['bootstrap/cache', 'config', 'routes', 'storage/framework/views', 'storage/logs'] as $path) {
        mkdir("{$base}/{$path}", 0700, true);
    }
    register_shutdown_function(static fn () => (new Illuminate\Filesystem\Filesystem())->deleteDirectory($base));
    file_put_contents("{$base}/.env", implode("\n", array_map(static fn ($name, $value) => "{$name}={$value}", array_keys($env), $env)));
    file_put_contents("{$base}/routes/channels.php", <<<'PHP'
<?php

use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('orders.{id}', static fn ($user, $id) => (int) $id === 42);
Broadcast::channel('room', static fn ($user) => ['id' => $user->id, 'name' => 'Zoë/']);
PHP);
    $app = Application::configure(basePath: $base)
        ->withBroadcasting("{$base}/routes/channels.php", ['middleware' => []])
        ->withMiddleware()
        ->withExceptions()
        ->create();
    $app->make(Console::class)->bootstrap();

    return $app;
}

/**
 * @param array<string, string> $fields
 *
 * @return array{int, string} status and body
 */
function post(Application $app, string $path, array $fields): array
{
    $request = Request::create($path, 'POST', $fields, server: ['HTTP_ACCEPT' => 'application/json']);
    $request->setUserResolver(static fn () => new GenericUser(['id' => 7]));
    $app->make('auth')->resolveUsersUsing(static fn () => new GenericUser(['id' => 7]));
    $response = $app->make(Http::class)->handle($request);

    return [$response->getStatusCode(), (string) $response->getContent()];
}

$relay = new Relay();
$prefix = strtoupper($driver);
$app = makeApplication([
    'APP_KEY' => 'base64:' . base64_encode(str_repeat('k', 32)),
    'BROADCAST_CONNECTION' => $driver,
    'QUEUE_CONNECTION' => 'sync',
    'LOG_CHANNEL' => 'null',
    "{$prefix}_APP_ID" => Relay::ID,
    "{$prefix}_APP_KEY" => Relay::KEY,
    "{$prefix}_APP_SECRET" => Relay::SECRET,
    "{$prefix}_HOST" => '127.0.0.1',
    "{$prefix}_PORT" => $relay->port,
    "{$prefix}_SCHEME" => 'http',
]);
// The framework's handlers would turn notices of older libraries into exceptions.
$c = new Checks("Laravel's {$driver} broadcaster");
$client = new Client($relay);
$other = new Client($relay);

$c->test('events reach public channels', static function () use ($c, $client): void {
    $client->subscribe('orders');
    broadcast(new Shipped(['id' => 42, 'note' => "é/\u{2028}"], [new Channel('orders')]));
    $c->same([['Shipped', '{"order":{"id":42,"note":"\u00e9\/\u2028"}}']], $client->heard('orders'));
    event(new Shipped(1, [new Channel('orders')]));
    $c->same([['Shipped', '{"order":1}']], $client->heard('orders'));
    Broadcast::on('orders')->as('named')->with(['a' => 1])->sendNow();
    $c->same([['named', '{"a":1}']], $client->heard('orders'));
});

$c->test('private and presence channels, by the application\'s answer', static function () use ($c, $app, $client, $other): void {
    foreach ([$client, $other] as $each) {
        [$status, $proof] = post($app, '/broadcasting/auth', ['socket_id' => $each->socketId, 'channel_name' => 'private-orders.42']);
        $c->same(200, $status);
        $each->subscribe('private-orders.42', $proof);
        [$status, $proof] = post($app, '/broadcasting/auth', ['socket_id' => $each->socketId, 'channel_name' => 'presence-room']);
        $c->same(200, $status);
        $data = $each->subscribe('presence-room', $proof);
        $c->same(['ids' => ['7'], 'hash' => [7 => ['id' => 7, 'name' => 'Zoë/']], 'count' => 1], $data['presence']);
    }
    $c->same(403, post($app, '/broadcasting/auth', ['socket_id' => $client->socketId, 'channel_name' => 'private-orders.43'])[0]);
});

$c->test('toOthers() leaves the sender out, on several channels', static function () use ($c, $app, $client, $other): void {
    $request = Request::create('/', server: ['HTTP_X_SOCKET_ID' => $client->socketId]);
    $app->instance('request', $request);
    $channels = [new PrivateChannel('orders.42'), new PresenceChannel('room')];
    broadcast(new Shipped(2, $channels))->toOthers();
    foreach (['private-orders.42', 'presence-room'] as $channel) {
        $c->same([['Shipped', '{"order":2}']], $other->heard($channel));
        $c->same([], $client->heard($channel));
    }
    broadcast(new Shipped(3, $channels));
    $c->same([['Shipped', '{"order":3}']], $client->heard('private-orders.42'));
});

$c->test('an event on 150 channels', static function () use ($c, $client): void {
    $client->subscribe('many-149');
    broadcast(new Shipped(4, array_map(static fn (int $i): Channel => new Channel("many-{$i}"), range(0, 149))));
    $c->same([['Shipped', '{"order":4}']], $client->heard('many-149'));
});

$c->test('sign-in by the application\'s answer', static function () use ($c, $app, $relay): void {
    Broadcast::userRoutes(['middleware' => []]);
    Broadcast::connection()->resolveAuthenticatedUserUsing(static fn () => ['id' => '7', 'user_info' => ['name' => 'Zoë']]);
    $user = new Client($relay);
    [$status, $proof] = post($app, '/broadcasting/user-auth', ['socket_id' => $user->socketId]);
    $c->same(200, $status);
    $user->signIn($proof);
    Broadcast::connection()->getPusher()->sendToUser('7', 'hi', 1);
    $c->same('1', $user->event('hi')['data']);
    $user->end();
});

$c->test('errors are BroadcastExceptions', static function () use ($c, $client, $relay): void {
    $send = static fn (mixed $order) => Broadcast::connection()->broadcast([new Channel('orders')], 'Shipped', ['order' => $order]);
    $e = $c->throws(BroadcastException::class, static fn () => $send(str_repeat('x', 10240)));
    $c->matches('/10240/', $e->getMessage());
    $c->throws(BroadcastException::class, static function (): void {
        broadcast(new Shipped(str_repeat('x', 10240), [new Channel('orders')]));
    });
    $send(5);
    $c->same([['Shipped', '{"order":5}']], $client->heard('orders'));
    $client->end();
    $relay->stop();
    $c->throws(BroadcastException::class, static fn () => $send(6));
});

$c->ran('laravel/framework', Application::VERSION, "broadcaster '{$driver}': event(), toOthers(), authorization, errors");
$c->end();
