<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\About;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Support\FakeRelay;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\Broadcast;

/**
 * The section of "php artisan about" (Laravel 9.21 and later have that command).
 */
final class AboutTest extends TestCase
{
    public function test_all_lines(): void
    {
        config(['broadcasting.connections.clairon.publisher.spool' => "{$this->folder->path}/storage/framework/test.spool"]);

        self::assertSame([
            'Extension' => phpversion('clairon'),
            'Application' => 'app (from CLAIRON_APP_ID)',
            'Events go to' => $this->relay->dsn(),
            'Browsers connect to' => 'ws://localhost:6001',
            'Queue bypass' => 'on',
            'Flush' => 'now',
            'Spool' => "{$this->folder->path}/storage/framework/test.spool (waiting 0)",
            'On failure' => 'report',
            'Event dispatcher' => 'Illuminate\Events\Dispatcher',
        ], (new About($this->app))->lines());
    }

    public function test_what_waits_is_told(): void
    {
        config(['broadcasting.connections.clairon.publisher' => ['spool' => "{$this->folder->path}/storage/framework/test.spool"]]);
        Broadcast::purge('clairon');
        $this->relay->stop();
        event(new Plain());
        $lines = (new About($this->app))->lines();

        self::assertStringEndsWith('test.spool (waiting 1)', $lines['Spool']);
        self::assertStringEndsWith('(nobody listens there)', $lines['Events go to']);
        $this->relay = FakeRelay::start($this->relay->path);
    }

    public function test_nothing_that_is_broken_breaks_it(): void
    {
        try {
            $this->app->bind(BroadcastManager::class, static fn () => throw new \LogicException('no manager'));
        } catch (\LogicException) {
            // Laravel 8 makes it at once.
        }

        config([
            'clairon' => 'not an array',
            'broadcasting.connections.clairon' => ['dsn' => ['no text'], 'app_id' => [], 'publisher' => 'none', 'options' => 7],
        ]);
        $lines = (new About($this->app))->lines();

        self::assertSame('unknown: LogicException: no manager', $lines['Queue bypass']);
        self::assertStringStartsWith('not set', $lines['Application']);
        self::assertSame(['none', 'report'], [$lines['Spool'], $lines['On failure']]);
    }

    public function test_the_command_shows_it(): void
    {
        if (! class_exists(\Illuminate\Foundation\Console\AboutCommand::class)) {
            self::assertFalse($this->app->bound(\Illuminate\Foundation\Console\AboutCommand::class));

            return;
        }

        self::assertSame(0, Artisan::call('about', ['--only' => 'clairon']));
        self::assertStringContainsString('Queue bypass', Artisan::output());
    }
}
