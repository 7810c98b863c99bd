<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\Fixtures\Dispatching as On;
use Illuminate\Database\Eloquent\Model;
use Clairon\Laravel\Tests\Fixtures\Dispatching\Said;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Illuminate\Contracts\Events\ShouldDispatchAfterCommit;
use Illuminate\Database\Events\QueryExecuted;
use Illuminate\Events\Dispatcher;
use Illuminate\Support\Facades\Artisan;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use PHPUnit\Framework\Attributes\DataProvider;
use ReflectionFunction;

/**
 * clairon.dispatcher in a whole application.
 */
final class DispatcherInstalledTest extends TestCase
{
    protected function tearDown(): void
    {
        Said::$words = [];
        parent::tearDown();
    }

    private function use(?string $mode): void
    {
        $_ENV['CLAIRON_DISPATCHER'] = $_SERVER['CLAIRON_DISPATCHER'] = $mode;
        $this->refreshApplication();
        unset($_ENV['CLAIRON_DISPATCHER'], $_SERVER['CLAIRON_DISPATCHER']);
    }

    public function test_point_38_laravels_own_is_the_default(): void
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
    }

    #[DataProvider('modes')]
    public function test_point_36_fakes_and_what_they_ask(string $mode): void
    {
        $this->use($mode);
        Event::listen(On\Plain::class, On\Handler::class);
        Event::listen(On\Plain::class, [On\Handler::class, 'other']);
        Event::listen(On\Plain::class, fn () => 1);
        Event::listen('heard', fn () => Said::$words[] = 'heard');
        $events = $this->app->make('events');

        $fake = Event::fake([On\Plain::class]);
        event(new On\Plain());
        event('heard');
        Event::assertDispatched(On\Plain::class);
        Event::assertListening(On\Plain::class, On\Handler::class);
        Event::assertListening(On\Plain::class, [On\Handler::class, 'other']);
        Event::assertListening(On\Plain::class, \Closure::class);
        self::assertSame($fake, $this->app->make('events'));
        self::assertSame($fake, Model::getEventDispatcher());
        self::assertSame(['heard'], Said::$words, 'what is not faked goes on');
        self::assertSame([], Event::dispatched('heard')->all());
        self::assertInstanceOf(get_class($events), (fn () => $this->dispatcher)->call($fake));
    }

    #[DataProvider('modes')]
    public function testAWatcherOfEverything(string $mode): void
    {
        $this->use($mode);
        // As Telescope registers itself, and reads who listens.
        $watcher = new class() {
            public array $seen = [];

            public function record($name, $payload): void
            {
                $this->seen[$name] = $payload;
            }
        };
        Event::listen('*', [$watcher, 'record']);
        Event::listen(On\Plain::class, On\Handler::class);
        event($event = new On\Plain());
        DB::select('select 1');

        self::assertSame([$event], $watcher->seen[On\Plain::class]);
        self::assertArrayHasKey(QueryExecuted::class, $watcher->seen);

        $listeners = array_map(static fn ($one) => (new ReflectionFunction($one))->getStaticVariables()['listener'], Event::getListeners(On\Plain::class));
        self::assertSame([On\Handler::class, [$watcher, 'record']], $listeners);
    }

    #[DataProvider('modes')]
    public function testModelEvents(string $mode): void
    {
        $stock = $this->modelEvents(null);
        self::assertContains('created kept', $stock);
        self::assertContains('any deleted', $stock);
        self::assertSame($stock, $this->modelEvents($mode));
    }

    /**
     * @return list<string> what observers and patterns saw
     */
    private function modelEvents(?string $mode): array
    {
        $this->use($mode);
        Said::$words = [];
        DB::connection()->getSchemaBuilder()->create('messages', function ($table): void {
            $table->id();
            $table->string('content');
        });
        Event::listen('eloquent.*', function (string $name): void {
            Said::$words[] = 'any ' . explode(':', substr($name, strlen('eloquent.')))[0];
        });
        Message::creating(fn (Message $message) => $message->content === 'refused' ? false : null);
        Message::observe(On\Observer::class);

        $kept = Message::create(['content' => 'kept']);
        self::assertFalse(Message::create(['content' => 'refused'])->exists);
        self::assertSame(1, Message::query()->count());
        $kept->delete();
        Message::flushEventListeners();
        Message::create(['content' => 'unseen']);

        return Said::$words;
    }

    #[DataProvider('modes')]
    public function test_point_36_event_list_and_event_cache(string $mode): void
    {
        $lists = [];

        foreach ([null, $mode] as $use) {
            $this->use($use);
            $this->app->register(new On\ListensProvider($this->app));
            Artisan::call('event:list');
            $lists[] = Artisan::output();
        }
        self::assertStringContainsString('Dispatching\Handler', $lists[0]);
        self::assertSame($lists[0], $lists[1]);

        self::assertSame(0, Artisan::call('event:cache'));
        $this->use($mode);
        self::assertTrue($this->app->eventsAreCached());
        $this->app->register(new On\ListensProvider($this->app));
        self::assertSame(['handled'], event(new On\Plain()));
        self::assertSame(0, Artisan::call('event:clear'));
    }

    #[DataProvider('modes')]
    public function testTransactions(string $mode): void
    {
        $this->use($mode);
        $seen = 0;
        Event::listen(On\Committed::class, function () use (&$seen): void {
            $seen++;
        });

        $knowsCommits = interface_exists(ShouldDispatchAfterCommit::class);
        DB::transaction(function () use (&$seen, $knowsCommits): void {
            event(new On\Committed());
            self::assertSame($knowsCommits ? 0 : 1, $seen);
        });
        self::assertSame(1, $seen);

        DB::beginTransaction();
        event(new On\Committed());
        DB::rollBack();
        self::assertSame($knowsCommits ? 1 : 2, $seen);
    }
}
