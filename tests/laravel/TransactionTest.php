<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Fixtures\AfterCommit;
use Clairon\Laravel\Tests\Fixtures\Failing;
use Clairon\Laravel\Tests\Fixtures\Immediate;
use Clairon\Laravel\Tests\Fixtures\MessageSent;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Fixtures\Unique;
use Illuminate\Contracts\Broadcasting\ShouldBeUnique;
use Illuminate\Contracts\Events\ShouldDispatchAfterCommit;
use Illuminate\Events\Dispatcher;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use RuntimeException;

/**
 * Points 18 to 20: database transactions.
 */
final class TransactionTest extends TestCase
{
    public function test_point_18_nothing_leaves_before_the_commit(): void
    {
        DB::transaction(function (): void {
            event(new Plain());
            self::assertSame([], $this->published());
        });

        self::assertCount(1, $this->published());
    }

    public function test_point_18_nothing_leaves_after_a_rollback(): void
    {
        DB::beginTransaction();
        event(new Plain());
        DB::rollBack();
        DB::transaction(static fn () => Message::create(['receiver_id' => 1, 'content' => 'x']));

        self::assertSame([], $this->published());
    }

    public function test_point_18_serialize_reads_committed_models(): void
    {
        config(['clairon.fidelity' => 'serialize']);

        DB::transaction(static function (): void {
            $message = Message::create(['receiver_id' => 9, 'content' => 'first']);
            event(new MessageSent($message));
            Message::whereKey($message->id)->update(['content' => 'second']);
        });

        self::assertSame('second', json_decode($this->published()[0]['data'], true)['message']['content']);
    }

    public function test_point_18_the_setting_switches_waiting_off(): void
    {
        config(['clairon.after_commit' => false]);

        DB::transaction(function (): void {
            event(new Plain());
            self::assertCount(1, $this->published());
        });
    }

    public function test_point_19_after_commit_false_on_the_event_does_not_wait(): void
    {
        DB::transaction(function (): void {
            event(new Immediate());
            self::assertCount(1, $this->published());
        });

        self::assertSame([], $this->published());
    }

    public function test_point_19_should_dispatch_after_commit_defers_listeners_and_broadcast(): void
    {
        // Laravel 10.30 and later.
        if (! interface_exists(ShouldDispatchAfterCommit::class)) {
            self::assertSame(Dispatcher::class, get_class($this->app->make('events')));

            return;
        }

        config(['clairon.after_commit' => false]);
        $heard = 0;
        Event::listen(AfterCommit::class, static function () use (&$heard): void {
            $heard++;
        });

        DB::transaction(function () use (&$heard): void {
            event(new AfterCommit());
            self::assertSame([], $this->published());
            self::assertSame(0, $heard);
        });

        self::assertCount(1, $this->published());
        self::assertSame(1, $heard);
    }

    public function test_point_20_nested_transactions_publish_once_after_the_outermost_commit(): void
    {
        DB::transaction(function (): void {
            DB::transaction(static fn () => event(new Plain('inner')));
            self::assertSame([], $this->published());
            event(new Plain('outer'));
        });

        self::assertSame(['{"text":"inner"}', '{"text":"outer"}'], array_column($this->published(), 'data'));
    }

    public function test_point_20_an_inner_rollback_takes_its_events_with_it(): void
    {
        DB::transaction(static function (): void {
            DB::beginTransaction();
            event(new Plain('inner'));
            DB::rollBack();
            event(new Plain('outer'));
        });

        self::assertSame(['{"text":"outer"}'], array_column($this->published(), 'data'));
    }

    public function test_point_20_a_rollback_takes_nothing_of_its_siblings(): void
    {
        DB::transaction(static function (): void {
            event(new Plain('outer'));
            DB::transaction(static fn () => event(new Plain('first inner')));
            event(new Plain('outer again'));
            DB::beginTransaction();
            event(new Plain('second inner'));
            DB::rollBack();
        });

        self::assertSame(
            ['{"text":"outer"}', '{"text":"first inner"}', '{"text":"outer again"}'],
            array_column($this->published(), 'data')
        );
    }

    public function test_point_20_events_leave_in_the_order_in_which_they_were_raised(): void
    {
        $raise = static function (int $depth) use (&$raise): void {
            event(new Plain("down {$depth}"));
            $depth === 3 || DB::transaction(static fn () => $raise($depth + 1));
            event(new Plain("up {$depth}"));
        };
        DB::transaction(static fn () => $raise(1));

        self::assertSame(
            ['down 1', 'down 2', 'down 3', 'up 3', 'up 2', 'up 1'],
            array_map(static fn (string $data) => json_decode($data)->text, array_column($this->published(), 'data'))
        );
    }

    public function test_point_20_an_inner_commit_goes_when_its_parent_is_rolled_back(): void
    {
        DB::transaction(static function (): void {
            DB::beginTransaction();
            DB::transaction(static fn () => event(new Plain('innermost')));
            DB::rollBack();
            event(new Plain('outer'));
        });

        self::assertSame(['{"text":"outer"}'], array_column($this->published(), 'data'));
    }

    public function test_point_18_what_a_lost_connection_rolled_back_unheard_is_gone(): void
    {
        $connection = DB::connection();
        $events = $connection->getEventDispatcher();
        DB::beginTransaction();
        event(new Plain('lost'));
        $connection->unsetEventDispatcher();
        DB::rollBack();
        $connection->setEventDispatcher($events);
        DB::transaction(static fn () => event(new Plain('kept')));

        self::assertSame(['{"text":"kept"}'], array_column($this->published(), 'data'));
    }

    public function test_point_18_a_connection_without_events_waits_for_the_commit_too(): void
    {
        DB::connection()->unsetEventDispatcher();
        DB::transaction(function (): void {
            event(new Plain());
            self::assertSame([], $this->published());
        });
        self::assertCount(1, $this->published());

        DB::beginTransaction();
        event(new Plain());
        DB::rollBack();
        DB::transaction(static fn () => 1);
        self::assertSame([], $this->published());
    }

    public function test_point_18_everything_of_one_transaction_leaves_in_one_write(): void
    {
        $raise = static function (): void {
            event(new Plain('1'));
            DB::transaction(static fn () => event(new Plain('2')));
            event(interface_exists(ShouldDispatchAfterCommit::class) ? new AfterCommit('3') : new Plain('3'));
            event(new Plain('4', ['a', 'b']));
        };
        event(new Plain('connects'));
        self::assertCount(1, $this->published());
        $before = $this->publisher()->stats()['writes'];
        DB::transaction($raise);
        $stats = $this->publisher()->stats();

        self::assertSame($before + 1, $stats['writes']);
        self::assertSame(0, $stats['pending']);
        self::assertCount(5, $this->published());

        event(new Plain('at once again'));
        self::assertSame(0, $this->publisher()->stats()['pending']);
    }

    public function test_point_22_what_was_published_before_a_throw_in_the_commit_has_left(): void
    {
        config(['clairon.on_failure' => 'throw']);
        event(new Plain('connects'));
        $this->published();

        try {
            DB::transaction(static function (): void {
                event(new Plain('before'));
                event(new Failing());
            });
            self::fail('nothing was thrown');
        } catch (RuntimeException $e) {
            self::assertSame('broadcastWith failed', $e->getMessage());
        }

        self::assertSame(0, $this->publisher()->stats()['pending']);
        self::assertSame(['{"text":"before"}'], array_column($this->published(), 'data'));
    }

    public function test_point_24_a_rolled_back_unique_event_leaves_no_lock(): void
    {
        // Laravel 9.22 and later; before, no event was unique.
        $unique = interface_exists(ShouldBeUnique::class) ? Unique::class : Plain::class;
        DB::beginTransaction();
        event(new $unique());
        DB::rollBack();
        event(new $unique());

        self::assertCount(1, $this->published());
    }
}
