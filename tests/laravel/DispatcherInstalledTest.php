<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\Fixtures\Dispatching as On;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Events\Dispatcher;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use PHPUnit\Framework\Attributes\DataProvider;

/**
 * clairon.dispatcher in a whole application.
 */
final class DispatcherInstalledTest extends TestCase
{
    private function use(?string $mode): void
    {
        $_ENV['CLAIRON_DISPATCHER'] = $_SERVER['CLAIRON_DISPATCHER'] = $mode;
        $this->refreshApplication();
        unset($_ENV['CLAIRON_DISPATCHER'], $_SERVER['CLAIRON_DISPATCHER']);
    }

    public function testLaravelsOwnIsTheDefault(): void
    {
        self::assertSame(Dispatcher::class, get_class($this->app->make('events')));
    }

    public function testAnUnknownModeChangesNothing(): void
    {
        $this->use('fast');
        self::assertSame(Dispatcher::class, get_class($this->app->make('events')));
    }

    public static function modes(): array
    {
        return [['native', NativeDispatcher::class], ['compatible', CompatibleDispatcher::class]];
    }

    #[DataProvider('modes')]
    public function testEverybodyHasTheNewOne(string $mode, string $class): void
    {
        $this->use($mode);
        $events = $this->app->make('events');

        self::assertSame($class, get_class($events));
        self::assertSame($events, Event::getFacadeRoot());
        self::assertSame($events, Model::getEventDispatcher());
        self::assertSame($events, (fn () => $this->events)->call($this->app->make('router')));
        self::assertSame($events, $this->app->make(\Illuminate\Contracts\Events\Dispatcher::class));
        self::assertSame($events, DB::connection()->getEventDispatcher());
        self::assertNotEmpty($events->getRawListeners());
    }

    #[DataProvider('modes')]
    public function testFakesPatternsAndModels(string $mode): void
    {
        $this->use($mode);
        $names = [];
        Event::listen('*', function (string $name) use (&$names): void {
            $names[] = $name;
        });
        Event::listen(On\Plain::class, On\Handler::class);
        Event::listen(On\Plain::class, fn () => 1);
        event(new On\Plain());
        self::assertContains(On\Plain::class, $names);

        DB::select('select 1');
        self::assertContains(\Illuminate\Database\Events\QueryExecuted::class, $names);

        $fake = Event::fake();
        event(new On\Plain());
        Event::assertDispatched(On\Plain::class);
        Event::assertListening(On\Plain::class, On\Handler::class);
        Event::assertListening(On\Plain::class, \Closure::class);
        self::assertSame($fake, $this->app->make('events'));
    }

    #[DataProvider('modes')]
    public function testTransactions(string $mode): void
    {
        $this->use($mode);
        $seen = 0;
        Event::listen(On\Committed::class, function () use (&$seen): void {
            $seen++;
        });

        DB::transaction(function () use (&$seen): void {
            event(new On\Committed());
            self::assertSame(0, $seen);
        });
        self::assertSame(1, $seen);

        DB::beginTransaction();
        event(new On\Committed());
        DB::rollBack();
        self::assertSame(1, $seen);
    }
}
