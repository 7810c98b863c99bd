<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Program;
use Clairon\Laravel\Tests\Support\Relay;
use Clairon\Publisher;
use PHPUnit\Framework\TestCase as PlainTestCase;

/**
 * clairon:watch beside the real relay.
 */
final class WatchTest extends PlainTestCase
{
    private Folder $app;

    private ?Relay $relay = null;

    protected function setUp(): void
    {
        $this->app = AppFolder::make();
    }

    protected function tearDown(): void
    {
        unset($this->relay, $this->app);
    }

    private function startRelay(): void
    {
        $this->relay = Relay::start("{$this->app->path}/storage/framework/clairon.sock");
    }

    /**
     * @param list<string> $words
     * @param array<string, string|false> $environment
     */
    private function watch(array $words = [], array $environment = []): Program
    {
        return Program::artisan($this->app, ['clairon:watch', ...$words], $environment);
    }

    private function publish(string $channel, string $event, mixed $data, ?string $dsn = null): void
    {
        $publisher = new Publisher(
            $dsn ?? "unix:{$this->app->path}/storage/framework/clairon.sock",
            ['app' => 'app', 'key' => 'key', 'secret' => 'secret']
        );
        $publisher->trigger($channel, $event, $data);
        self::assertTrue($publisher->flush(20000));
    }

    public function test_what_is_broadcast_is_printed_and_ctrl_c_ends_it(): void
    {
        $this->startRelay();
        $watch = $this->watch();
        $watch->waitFor('/^Watching unix:/m');
        $this->publish('private-orders.1', 'App\Events\Shipped', ['id' => 7, 'note' => '<info>ü']);
        $this->publish('news', "evil\x1b[31m", ['text' => str_repeat('x', 200)]);

        self::assertMatchesRegularExpression(
            '/^\d\d:\d\d:\d\d\.\d{3}  private-orders\.1  App\\\\Events\\\\Shipped  30 B  \{"id":7,"note":"<info>\\\\u00fc"\}$/',
            $watch->line()
        );
        $long = $watch->line();
        self::assertStringContainsString('  news  evil?[31m  211 B  {"text":"xxx', $long);
        self::assertStringEndsWith('xxx...', $long);

        if (function_exists('pcntl_signal')) {
            $watch->process->signal(SIGINT);
            self::assertSame(0, $watch->waitForEnd());
            self::assertStringContainsString('2 broadcasts.', $watch->output());
        }
    }

    public function test_patterns_and_json(): void
    {
        $this->startRelay();
        $watch = $this->watch(['--channel=private-*', '--channel=news', '--json']);
        $watch->waitFor('/^Watching/m');
        $this->publish('other', 'x', []);
        $this->publish('news', 'x', ['text' => str_repeat('x', 200)]);
        $this->publish('private-orders.1', 'y', []);

        $line = json_decode($watch->line(), true);
        self::assertSame(['news', 'x', 211], [$line['channel'], $line['event'], $line['bytes']]);
        self::assertSame('{"text":"' . str_repeat('x', 200) . '"}', $line['data']);
        self::assertSame('private-orders.1', json_decode($watch->line(), true)['channel']);
    }

    public function test_it_waits_for_a_relay_and_comes_back_when_it_restarts(): void
    {
        $watch = $this->watch(['--payload']);
        $watch->waitFor('/clairon:start/');
        $this->startRelay();
        $watch->waitFor('/^Watching/m');
        $this->publish('news', 'first', ['text' => str_repeat('x', 200)]);
        self::assertStringEndsWith('x"}', $watch->line());

        $this->relay?->kill();
        $watch->waitFor('/connection was closed|refused/');
        $this->startRelay();
        $watch->waitFor('/^Watching again/m');
        $this->publish('news', 'second', []);
        self::assertStringContainsString('  second  ', $watch->line());
    }

    public function test_redis_is_watched_too(): void
    {
        $path = "{$this->app->path}/redis.sock";
        $redis = Program::start(['redis-server', '--port', '0', '--unixsocket', $path, '--save', '']);
        $redis->waitFor('/ready to accept connections/i');
        $watch = $this->watch([], ['CLAIRON_DSN' => "redis+unix:{$path}"]);
        $watch->waitFor('/^Watching redis/m');
        $this->publish('private-orders.1', 'shipped', ['id' => 7], "redis+unix:{$path}");

        self::assertStringEndsWith('  private-orders.1  shipped  8 B  {"id":7}', $watch->line());
    }

    public function test_a_wrong_secret_is_told_without_showing_it(): void
    {
        $this->startRelay();
        $watch = $this->watch([], ['CLAIRON_APP_SECRET' => 'another-secret']);

        self::assertSame(1, $watch->waitForEnd());
        self::assertStringContainsString('refuses this application: WRONGPASS', $watch->output());
        self::assertStringContainsString('clairon:doctor', $watch->output());
        self::assertStringNotContainsString('another-secret', $watch->output());
    }
}
