<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use ArrayObject;
use Clairon\Laravel\EventDroppedException;
use Clairon\Laravel\Tests\Fixtures\Failing;
use Clairon\Laravel\Tests\Fixtures\FailingRescued;
use Clairon\Laravel\Tests\Fixtures\MessageSent;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Fixtures\Unique;
use Clairon\Laravel\Tests\Support\FakeRelay;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Broadcasting\BroadcastException;
use Illuminate\Broadcasting\UniqueBroadcastEvent;
use Illuminate\Bus\UniqueLock;
use Illuminate\Contracts\Broadcasting\ShouldBeUnique;
use Illuminate\Contracts\Broadcasting\ShouldRescue;
use Illuminate\Contracts\Cache\Repository;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Route;
use RuntimeException;
use Throwable;

/**
 * Points 21 to 25: the relay is away, an event is faulty.
 */
final class FailureTest extends TestCase
{
    /**
     * From here on there is no relay, and the outbox holds this many events.
     */
    private function stopRelay(int $outbox): void
    {
        $this->relay->stop();
        config(['broadcasting.connections.clairon.publisher' => ['outbox_events' => $outbox, 'cli_wait_ms' => 0]]);
        Broadcast::purge('clairon');
    }

    private function startRelay(): void
    {
        $this->relay = FakeRelay::start($this->relay->path);
    }

    public function test_point_21_an_event_that_waits_is_no_failure(): void
    {
        $this->stopRelay(outbox: 10);
        event(new Plain('kept'));
        self::assertSame([], $this->reported);

        $this->startRelay();
        self::assertSame(['{"text":"kept"}'], array_column($this->published(), 'data'));
    }

    public function test_point_21_an_event_that_waits_leaves_when_the_response_is_out(): void
    {
        $sent = 0;
        $this->relay->pause();

        do {
            event(new Plain(str_repeat('x', 9000)));
            $sent++;
        } while ($this->publisher()->stats()['pending'] === 0);

        $this->relay->resume();
        $this->app->terminate();

        // Asked of the relay alone: the publisher's own methods would send what waits, too.
        for ($seen = [], $until = microtime(true) + 10; count($seen) < $sent && microtime(true) < $until;) {
            array_push($seen, ...$this->relay->take());
        }

        self::assertCount($sent, $seen);
    }

    public function test_point_21_the_response_is_the_same_and_one_error_is_reported(): void
    {
        Route::post('/messages', static function () {
            $message = Message::create(['receiver_id' => 9, 'content' => 'hi']);
            event(new MessageSent($message));

            return response()->json(['id' => $message->id], 201);
        });
        $with = $this->post('/messages');
        $this->stopRelay(outbox: 1);
        event(new Plain('fills the outbox'));
        $without = $this->post('/messages');
        $this->post('/messages');

        self::assertSame([201, '{"id":1}'], [$with->status(), $with->content()]);
        self::assertSame([201, '{"id":2}'], [$without->status(), $without->content()]);
        self::assertCount(1, $this->reported);
        self::assertInstanceOf(EventDroppedException::class, $this->reported[0]);
        self::assertStringContainsString('php artisan clairon:start', $this->reported[0]->getMessage());
        $this->startRelay();
    }

    public function test_point_21_an_outage_is_reported_at_its_beginning_and_with_a_count_at_its_end(): void
    {
        $this->stopRelay(outbox: 1);

        for ($i = 0; $i <= 5; $i++) {
            event(new Plain("{$i}"));
        }

        self::assertCount(1, $this->reported);
        $this->startRelay();
        $this->published();
        event(new Plain('again'));
        event(new Plain('and again'));
        $this->published();

        self::assertCount(2, $this->reported);
        self::assertStringContainsString('5 were dropped', $this->reported[1]->getMessage());
    }

    public function test_point_21_an_outage_goes_on_in_the_next_request_of_the_process(): void
    {
        $this->stopRelay(outbox: 1);
        event(new Plain('fills the outbox'));
        event(new Plain('lost'));
        self::assertCount(1, $this->reported);

        // What php-fpm does for the next request: new objects, the same extension.
        Broadcast::purge('clairon');
        event(new Plain('lost too'));
        self::assertCount(1, $this->reported);

        $this->startRelay();
        $this->published();
        Broadcast::purge('clairon');
        event(new Plain('again'));
        self::assertStringContainsString('2 were dropped', $this->reported[1]->getMessage());
    }

    public function test_point_21_a_password_in_the_dsn_is_not_told(): void
    {
        config([
            'broadcasting.connections.clairon.dsn' => 'redis://user:pa55word@127.0.0.1:1',
            'broadcasting.connections.clairon.publisher' => ['outbox_events' => 1, 'cli_wait_ms' => 0],
        ]);
        Broadcast::purge('clairon');
        event(new Plain('fills the outbox'));
        event(new Plain('lost'));

        self::assertCount(1, $this->reported);
        self::assertStringContainsString('redis://127.0.0.1:1', $this->reported[0]->getMessage());
        self::assertStringNotContainsString('pa55word', $this->reported[0]->getMessage());
    }

    public function test_point_22_report_keeps_the_request_alive(): void
    {
        event(new Failing());
        broadcast(new Failing());
        DB::transaction(static fn () => event(new Failing()));

        self::assertCount(3, $this->reported);
        self::assertSame(0, $this->jobs());
    }

    public function test_point_22_throw_throws_everywhere(): void
    {
        config(['clairon.on_failure' => 'throw']);
        $raise = [
            static fn () => event(new Failing()),
            static fn () => broadcast(new Failing()),
            static fn () => DB::transaction(static fn () => event(new Failing())),
        ];

        foreach ($raise as $raiser) {
            try {
                $raiser();
                self::fail('nothing was thrown');
            } catch (RuntimeException $e) {
                self::assertSame('broadcastWith failed', $e->getMessage());
            }
        }

        self::assertSame([], $this->reported);
    }

    public function test_point_22_throw_throws_what_was_dropped(): void
    {
        config(['clairon.on_failure' => 'throw']);
        $this->stopRelay(outbox: 1);
        event(new Plain('fills the outbox'));

        try {
            event(new Plain());
            self::fail('nothing was thrown');
        } catch (BroadcastException $e) {
            self::assertInstanceOf(EventDroppedException::class, $e);
        } finally {
            $this->startRelay();
        }
    }

    public function test_point_22_queue_hands_the_event_to_the_queue(): void
    {
        config(['clairon.on_failure' => 'queue']);
        event(new Failing());
        broadcast(new Failing());
        DB::transaction(static fn () => event(new Failing()));

        self::assertSame(3, $this->jobs());
        self::assertSame([], $this->reported);
    }

    public function test_point_22_queue_reports_when_the_queue_fails_too(): void
    {
        config(['clairon.on_failure' => 'queue', 'queue.default' => 'unheard-of']);
        event(new Failing());

        self::assertCount(1, $this->reported);
    }

    public function test_point_23_failed_of_the_event_is_called(): void
    {
        $event = new Failing();
        $event->seen = new ArrayObject();
        event($event);

        // Jobs of Laravel 11.42 and later tell their event.
        $isTold = method_exists(BroadcastEvent::class, 'failed');
        self::assertSame(
            $isTold ? ['broadcastWith failed'] : [],
            array_map(static fn (Throwable $e) => $e->getMessage(), $event->seen->getArrayCopy())
        );
        self::assertCount(1, $this->reported);
    }

    public function test_point_23_a_failed_that_fails_itself_is_reported_too(): void
    {
        event(new class extends Failing {
            public function failed(Throwable $e): void
            {
                throw new RuntimeException('failed() failed');
            }
        });

        self::assertSame(
            method_exists(BroadcastEvent::class, 'failed') ? ['failed() failed', 'broadcastWith failed'] : ['broadcastWith failed'],
            array_map(static fn (Throwable $e) => $e->getMessage(), $this->reported)
        );
    }

    public function test_point_24_a_unique_event_whose_lock_is_held_is_dropped(): void
    {
        if ($this->uniqueEventsAreLikeOthers()) {
            return;
        }

        $lock = new UniqueLock($this->app->make(Repository::class));
        $job = new UniqueBroadcastEvent(new Unique());
        self::assertTrue($lock->acquire($job));
        event(new Unique());
        self::assertSame([], $this->published());

        $lock->release($job);
        event(new Unique());
        self::assertCount(1, $this->published());
        self::assertTrue($lock->acquire($job), 'the lock is free again');
    }

    public function test_point_24_the_lock_is_free_after_a_failure(): void
    {
        if ($this->uniqueEventsAreLikeOthers()) {
            return;
        }

        event(new Unique("\xff"));
        self::assertCount(1, $this->reported);
        event(new Unique());

        self::assertCount(1, $this->published());
    }

    public function test_point_24_a_failed_unique_event_can_be_queued(): void
    {
        if ($this->uniqueEventsAreLikeOthers()) {
            return;
        }

        config(['clairon.on_failure' => 'queue']);
        $this->stopRelay(outbox: 1);
        event(new Plain('fills the outbox'));
        event(new Unique());
        self::assertSame(1, $this->jobs());
        $this->startRelay();
    }

    /**
     * Before Laravel 9.22 no event was unique: what looks like one is broadcast every time.
     */
    private function uniqueEventsAreLikeOthers(): bool
    {
        if (interface_exists(ShouldBeUnique::class)) {
            return false;
        }

        $event = new class extends Plain {
            public function uniqueId(): string
            {
                return 'one';
            }
        };
        event($event);
        event($event);
        self::assertCount(2, $this->published());
        self::assertSame([], $this->reported);

        return true;
    }

    public function test_point_25_should_rescue_never_throws(): void
    {
        config(['clairon.on_failure' => 'throw']);

        // Laravel 12.18 and later; before, on_failure decides alone.
        if (! interface_exists(ShouldRescue::class)) {
            $this->expectExceptionMessage('broadcastWith failed');
            event(new Failing());
        }

        event(new FailingRescued());
        DB::transaction(static fn () => event(new FailingRescued()));

        self::assertCount(2, $this->reported);
    }

    public function test_an_incomplete_application_is_named(): void
    {
        config(['broadcasting.connections.clairon.secret' => null]);
        Broadcast::purge('clairon');
        event(new Plain());

        self::assertStringContainsString('CLAIRON_APP_SECRET', $this->reported[0]->getMessage());
    }

    public function test_a_number_that_is_none_is_named(): void
    {
        config(['broadcasting.connections.clairon.publisher.outbox_events' => 'many']);
        Broadcast::purge('clairon');
        event(new Plain());

        self::assertStringContainsString('publisher.outbox_events', $this->reported[0]->getMessage());
    }

    public function test_a_wrong_dsn_is_a_broadcast_exception(): void
    {
        config(['broadcasting.connections.clairon.dsn' => 'http://localhost']);
        Broadcast::purge('clairon');
        event(new Plain());

        self::assertInstanceOf(BroadcastException::class, $this->reported[0]);
    }
}
