<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Clairon;
use Clairon\Laravel\Notices\EventPublished;
use Clairon\Laravel\Notices\PublishFailed;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\Event;

/**
 * EventPublished and PublishFailed, for whoever listens.
 */
final class NoticesTest extends TestCase
{
    public function test_a_broadcast_is_told_with_its_size_and_time(): void
    {
        $told = [];
        Event::listen(EventPublished::class, function (EventPublished $notice) use (&$told): void {
            $told[] = $notice;
        });
        Broadcast::connection()->broadcast(['orders', 'private-orders'], 'shipped', ['id' => 7]);

        self::assertCount(1, $told);
        self::assertSame('clairon', $told[0]->connection);
        self::assertSame(['orders', 'private-orders'], $told[0]->channels);
        self::assertSame(['shipped', strlen('{"id":7}')], [$told[0]->event, $told[0]->bytes]);
        self::assertGreaterThan(0, $told[0]->nanoseconds);
        self::assertContains($told[0]->result, ['sent', 'pending']);
        self::assertCount(2, $this->published());
    }

    public function test_a_failure_is_told_before_the_exception_goes_its_way(): void
    {
        $told = [];
        Event::listen(PublishFailed::class, function (PublishFailed $notice) use (&$told): void {
            $told[] = $notice;
        });
        event(new Plain("\xff"));

        self::assertCount(1, $told);
        self::assertSame(['clairon', Plain::class], [$told[0]->connection, $told[0]->event]);
        self::assertSame($this->reported, [$told[0]->exception]);
    }

    public function test_a_drop_is_a_failure(): void
    {
        $this->relay->stop();
        config(['broadcasting.connections.clairon.publisher' => ['outbox_events' => 1, 'cli_wait_ms' => 0]]);
        Broadcast::purge('clairon');
        $told = [];
        Event::listen([EventPublished::class, PublishFailed::class], function (object $notice) use (&$told): void {
            $told[] = $notice instanceof EventPublished ? $notice->result : get_class($notice->exception);
        });
        event(new Plain('waits'));
        event(new Plain('dropped'));

        self::assertSame(['pending', \Clairon\Laravel\EventDroppedException::class], $told);
        $this->relay = Support\FakeRelay::start($this->relay->path);
    }

    public function test_a_listener_for_everything_gets_it_too(): void
    {
        $names = [];
        Event::listen('*', function (string $name) use (&$names): void {
            $names[] = $name;
        });
        event(new Plain());

        self::assertContains(EventPublished::class, $names);
    }

    public function test_fakes_see_notices_of_recorded_broadcasts(): void
    {
        Clairon::fake();
        Event::listen(EventPublished::class, static fn () => null);
        Event::fake([EventPublished::class]);
        event(new Plain());

        Event::assertDispatched(EventPublished::class, 1);
    }

    public function test_nothing_is_made_while_nobody_listens(): void
    {
        $spy = new class ($this->app->make('events')) extends \Illuminate\Events\Dispatcher {
            /** @var list<string> */
            public array $dispatched = [];

            public int $asked = 0;

            public function __construct(private readonly object $inner)
            {
                parent::__construct();
            }

            public function hasListeners($eventName)
            {
                $this->asked++;

                return $this->inner->hasListeners($eventName);
            }

            public function dispatch($event, $payload = [], $halt = false)
            {
                $this->dispatched[] = is_object($event) ? get_class($event) : $event;

                return null;
            }
        };
        Event::swap($spy);
        Broadcast::connection()->broadcast(['orders'], 'shipped', []);

        self::assertSame([1, []], [$spy->asked, $spy->dispatched]);
    }
}
