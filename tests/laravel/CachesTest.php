<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\FakeRelay;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Program;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase as PlainTestCase;

/**
 * Point 31: the framework's caches change no result.
 */
final class CachesTest extends PlainTestCase
{
    // Publishes an event, then authorises user 9 and a stranger.
    private const CONSOLE = <<<'PHP'
<?php

use Clairon\Laravel\Tests\Fixtures\Models\User;
use Illuminate\Contracts\Http\Kernel;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Auth;

Artisan::command('results', function () {
    event(new Clairon\Laravel\Tests\Fixtures\Plain());
    foreach ([9, 7] as $id) {
        Auth::setUser((new User())->forceFill(['id' => $id]));
        $request = Request::create('/broadcasting/auth', 'POST', ['channel_name' => 'private-conversation.9', 'socket_id' => '123.456']);
        $response = app(Kernel::class)->handle($request);
        $this->line($response->getStatusCode().' '.($response->isOk() ? $response->getContent() : ''));
    }
});
PHP;

    private const CHANNELS = <<<'PHP'
<?php

use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('conversation.{id}', fn ($user, $id) => (int) $user->id === (int) $id);
PHP;

    private Folder $app;

    private FakeRelay $relay;

    protected function setUp(): void
    {
        $this->app = AppFolder::make([
            'routes/console.php' => self::CONSOLE,
            'routes/channels.php' => self::CHANNELS,
        ]);
        $this->relay = FakeRelay::start("{$this->app->path}/storage/framework/clairon.sock");
    }

    protected function tearDown(): void
    {
        $this->relay->stop();
        unset($this->app);
    }

    /**
     * @return iterable<string, array{list<string>}>
     */
    public static function caches(): iterable
    {
        yield 'none' => [[]];
        yield 'config:cache' => [['config:cache']];
        yield 'route:cache' => [['route:cache']];
        yield 'event:cache' => [['event:cache']];
        yield 'all' => [['config:cache', 'route:cache', 'event:cache']];
    }

    /**
     * @param list<string> $commands
     */
    #[DataProvider('caches')]
    public function test_point_31_caches_change_no_result(array $commands): void
    {
        foreach ($commands as $command) {
            $program = Program::artisan($this->app, [$command]);
            self::assertSame(0, $program->waitForEnd(), $program->output());
        }

        $program = Program::artisan($this->app, ['results']);
        self::assertSame(0, $program->waitForEnd(), $program->output());
        self::assertSame(
            "200 {\"auth\":\"key:72f6540e74fd733276c6193749d3aee2266468037a14f0d617999c56f6a5a79c\"}\n403 \n",
            $program->process->getOutput()
        );
        self::assertSame(['{"text":"hello"}'], array_column($this->relay->take(), 'data'));
    }
}
