<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\About;
use Clairon\Laravel\ClaironServiceProvider;
use Clairon\Laravel\Tests\Fixtures\Now;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Container\Container;
use Illuminate\Foundation\Console\AboutCommand;
use Illuminate\Foundation\Application;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Bus;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Facades\Queue;
use Illuminate\Support\Str;
use Illuminate\Support\Testing\Fakes\QueueFake;
use Symfony\Component\Process\Process;

/**
 * Points 46 to 48: processes, a missing extension, the fakes of applications' tests.
 */
final class RuntimeTest extends TestCase
{
    public function test_point_46_a_forked_child_publishes_on_a_connection_of_its_own(): void
    {
        event(new Plain('before'));
        $child = pcntl_fork();

        if ($child === 0) {
            event(new Plain('child'));
            $settled = $this->publisher()->flush(20000);
            // Not exit(): PHPUnit's shutdown functions are the parent's.
            posix_kill(posix_getpid(), $settled ? SIGKILL : SIGTERM);
        }

        event(new Plain('parent'));
        pcntl_waitpid($child, $status);
        self::assertSame(SIGKILL, pcntl_wtermsig($status), 'the child\'s event was acknowledged');
        event(new Plain('after'));

        $texts = array_column($this->published(), 'data');
        sort($texts);
        self::assertSame(
            ['{"text":"after"}', '{"text":"before"}', '{"text":"child"}', '{"text":"parent"}'],
            $texts
        );
    }

    public function test_point_47_booting_and_pages_need_no_relay(): void
    {
        $this->relay->stop();
        $this->refreshApplication();
        $this->get('/unheard-of')->assertNotFound();
        self::assertFileDoesNotExist($this->relay->path);
        $this->relay = Support\FakeRelay::start($this->relay->path);
    }

    /**
     * Runs code in the application, in a PHP without the extension.
     */
    private function runWithoutExtension(string $code): Process
    {
        $this->folder->write('run.php', <<<PHP
<?php

require __DIR__.'/vendor/autoload.php';
\$app = require __DIR__.'/bootstrap/app.php';
\$app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
{$code}
PHP);
        $process = new Process([PHP_BINARY, "{$this->folder->path}/run.php"]);
        $process->run();

        return $process;
    }

    public function test_point_47_artisan_runs_without_the_extension(): void
    {
        $process = $this->runWithoutExtension('echo Illuminate\Support\Facades\Artisan::call("list"), ":", extension_loaded("clairon") ? "loaded" : "not loaded";');

        self::assertStringEndsWith('0:not loaded', $process->getOutput() . $process->getErrorOutput());
    }

    public function test_point_47_the_first_use_without_the_extension_says_how_to_install_it(): void
    {
        $process = $this->runWithoutExtension(<<<'PHP'
config(['clairon.on_failure' => 'throw']);
try {
    event(new Clairon\Laravel\Tests\Fixtures\Plain());
} catch (Throwable $e) {
    echo $e::class, ': ', $e->getMessage();
}
PHP);

        self::assertSame(
            'Clairon\Laravel\UnavailableException: The PHP extension "clairon" is not loaded in cli: run '
            . '"pecl install clairon", put "extension=clairon" into its php.ini and restart PHP.',
            $process->getOutput()
        );
    }

    public function test_point_48_event_fake(): void
    {
        Event::fake([Plain::class]);
        event(new Plain());

        Event::assertDispatched(Plain::class);
        self::assertSame([], $this->published());
    }

    public function test_point_48_queue_fake_sees_the_job(): void
    {
        Queue::fake();
        event(new Plain());

        Queue::assertPushed(BroadcastEvent::class);
        self::assertSame([], $this->published());
    }

    public function test_point_48_queue_fake_of_other_jobs_changes_nothing(): void
    {
        Queue::fake(['App\Jobs\Other']);
        event(new Plain());

        // Before Laravel 9 a fake took all jobs.
        if (! method_exists(QueueFake::class, 'shouldFakeJob')) {
            Queue::assertPushed(BroadcastEvent::class);

            return;
        }

        self::assertCount(1, $this->published());
        self::assertSame(0, $this->jobs());
    }

    public function test_point_48_bus_fake_sees_nothing_but_now_events(): void
    {
        Bus::fake();
        event(new Plain());
        Bus::assertNothingDispatched();
        self::assertCount(1, $this->published());

        event(new Now());
        Bus::assertDispatched(BroadcastEvent::class);
        self::assertSame([], $this->published());
    }

    public function test_point_48_a_null_default_sends_nothing(): void
    {
        config(['broadcasting.default' => null, 'queue.default' => 'sync']);
        event(new Plain());

        self::assertSame([], $this->published());
        self::assertSame([], $this->reported);
    }

    /**
     * @return array<string, string>
     */
    private function about(): array
    {
        // Laravel 9.21 and later.
        if (class_exists(AboutCommand::class)) {
            Artisan::call('about', ['--json' => true]);

            return json_decode(Artisan::output(), true)['clairon'];
        }

        $lines = (new About($this->app))->lines();

        return array_combine(array_map(static fn (string $name) => Str::snake(strtolower($name)), array_keys($lines)), $lines);
    }

    public function test_about_tells_what_matters_and_no_secret(): void
    {
        $about = $this->about();

        self::assertSame(phpversion('clairon'), $about['extension']);
        self::assertSame('app (from CLAIRON_APP_ID)', $about['application']);
        self::assertSame($this->relay->dsn(), $about['events_go_to']);
        self::assertSame('ws://localhost:6001', $about['browsers_connect_to']);
        self::assertSame('on', $about['queue_bypass']);
        self::assertStringNotContainsString('"secret"', json_encode(array_values($about)));
    }

    public function test_about_tells_a_relay_that_is_away_and_a_manager_that_was_replaced(): void
    {
        $this->relay->stop();
        $this->app->instance(\Illuminate\Broadcasting\BroadcastManager::class, new \Illuminate\Broadcasting\BroadcastManager($this->app));
        Broadcast::clearResolvedInstances();
        $about = $this->about();

        self::assertStringEndsWith('(nobody listens there)', $about['events_go_to']);
        self::assertStringStartsWith('off: ', $about['queue_bypass']);
        $this->relay = Support\FakeRelay::start($this->relay->path);
    }

    public function test_configuration_of_the_application_stands_over_the_packages_key_by_key(): void
    {
        config(['broadcasting.connections.clairon' => ['driver' => 'clairon', 'options' => ['host' => 'ws.example']]]);
        (new ClaironServiceProvider($this->app))->register();
        $config = config('broadcasting.connections.clairon');

        self::assertSame(['ws.example', 6001], [$config['options']['host'], (int) $config['options']['port']]);
        self::assertSame(['app', 'key', 'secret'], [$config['app_id'], $config['key'], $config['secret']]);
    }

    /**
     * How long an event waits for room, in seconds, where one fills the outbox and nobody takes it.
     */
    private function waitsForRoom(): float
    {
        $this->relay->stop();
        config([
            'broadcasting.connections.clairon.publisher.outbox_events' => 1,
            'broadcasting.connections.clairon.publisher.spool' => null,
        ]);
        Broadcast::purge('clairon');
        event(new Plain('fills the outbox'));
        $start = microtime(true);
        event(new Plain('lost'));
        $waited = microtime(true) - $start;

        self::assertCount(1, $this->reported);
        $this->relay = Support\FakeRelay::start($this->relay->path);

        return $waited;
    }

    /**
     * What Octane does with a request: a clone of the application handles it, manager and drivers stay.
     */
    private function inSandbox(callable $request): void
    {
        $sandbox = clone $this->app;
        Container::setInstance($sandbox);
        $manager = $this->app->make(BroadcastManager::class);
        $manager->setApplication($sandbox);

        try {
            $request($sandbox);
            $sandbox->terminate();
        } finally {
            $manager->setApplication($this->app);
            Container::setInstance($this->app);
        }
    }

    public function test_point_43_thousands_of_requests_in_one_process_let_nothing_grow(): void
    {
        $serve = fn (int $times) => array_map(fn () => $this->inSandbox(static function (): void {
            event(new Plain());
            DB::transaction(static fn () => event(new Plain()));
        }), array_fill(0, $times, null));
        $descriptors = static fn (): int => count(scandir('/proc/self/fd') ?: []);
        $serve(100);
        $this->published();
        gc_collect_cycles();
        $before = [memory_get_usage(), $descriptors()];
        $serve(1000);
        gc_collect_cycles();

        self::assertLessThan($before[0] + 64 * 1024, memory_get_usage());
        self::assertSame($before[1], $descriptors());
        self::assertCount(2000, $this->published());
        self::assertArrayHasKey('conversation.{id}', (fn () => $this->channels)->call(Broadcast::connection('clairon')));
    }

    public function test_point_44_requests_of_two_users_dont_see_each_others_socket(): void
    {
        $say = fn (?string $socket) => $this->inSandbox(static function (Application $app) use ($socket): void {
            $app->instance('request', Request::create('/', server: $socket === null ? [] : ['HTTP_X_SOCKET_ID' => $socket]));
            broadcast(new Plain())->toOthers();
        });
        $say('1.1');
        $say('2.2');
        $say(null);

        self::assertSame(['1.1', '2.2', null], array_column($this->published(), 'except'));
    }

    public function test_a_sandbox_has_a_configuration_of_its_own(): void
    {
        $raise = fn (string $default) => $this->inSandbox(static function (Application $app) use ($default): void {
            $app->instance('config', clone $app->make('config'));
            $app->make('config')->set('broadcasting.default', $default);
            event(new Plain());
        });
        event(new Plain());
        $raise('log');
        $raise('clairon');
        event(new Plain());

        self::assertSame(1, $this->jobs());
        self::assertCount(3, $this->published());
    }

    public function test_octane_serves_requests_and_must_not_wait_for_room(): void
    {
        $_SERVER['LARAVEL_OCTANE'] = '1';

        try {
            self::assertLessThan(3, $this->waitsForRoom());
        } finally {
            unset($_SERVER['LARAVEL_OCTANE']);
        }
    }

    public function test_commands_of_an_application_with_octane_do_wait_for_room(): void
    {
        $this->app->instance('octane', new \stdClass());
        ini_set('clairon.cli_wait_ms', '300');

        try {
            self::assertGreaterThan(0.25, $this->waitsForRoom());
        } finally {
            ini_restore('clairon.cli_wait_ms');
        }
    }
}
