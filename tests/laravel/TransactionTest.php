<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Fixtures\AfterCommit;
use Clairon\Laravel\Tests\Fixtures\Immediate;
use Clairon\Laravel\Tests\Fixtures\MessageSent;
use Clairon\Laravel\Tests\Fixtures\Models\Message;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Fixtures\Unique;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;

/**
 * Points 18 to 20: database transactions.
 */
final class TransactionTest extends TestCase
{
    public function test_18_nothing_leaves_before_the_commit(): void
    {
        DB::transaction(function (): void {
            event(new Plain());
            self::assertSame([], $this->published());
        });

        self::assertCount(1, $this->published());
    }

    public function test_18_nothing_leaves_after_a_rollback(): void
    {
        DB::beginTransaction();
        event(new Plain());
        DB::rollBack();
        DB::transaction(static fn () => Message::create(['receiver_id' => 1, 'content' => 'x']));

        self::assertSame([], $this->published());
    }

    public function test_18_serialize_reads_committed_models(): void
    {
        config(['clairon.fidelity' => 'serialize']);

        DB::transaction(static function (): void {
            $message = Message::create(['receiver_id' => 9, 'content' => 'first']);
            event(new MessageSent($message));
            Message::whereKey($message->id)->update(['content' => 'second']);
        });

        self::assertSame('second', json_decode($this->published()[0]['data'], true)['message']['content']);
    }

    public function test_18_the_setting_switches_waiting_off(): void
    {
        config(['clairon.after_commit' => false]);

        DB::transaction(function (): void {
            event(new Plain());
            self::assertCount(1, $this->published());
        });
    }

    public function test_19_after_commit_false_on_the_event_does_not_wait(): void
    {
        DB::transaction(function (): void {
            event(new Immediate());
            self::assertCount(1, $this->published());
        });

        self::assertSame([], $this->published());
    }

    public function test_19_should_dispatch_after_commit_defers_listeners_and_broadcast(): void
    {
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

    public function test_20_nested_transactions_publish_once_after_the_outermost_commit(): void
    {
        DB::transaction(function (): void {
            DB::transaction(static fn () => event(new Plain('inner')));
            self::assertSame([], $this->published());
            event(new Plain('outer'));
        });

        self::assertSame(['{"text":"inner"}', '{"text":"outer"}'], array_column($this->published(), 'data'));
    }

    public function test_20_an_inner_rollback_takes_its_events_with_it(): void
    {
        DB::transaction(static function (): void {
            DB::beginTransaction();
            event(new Plain('inner'));
            DB::rollBack();
            event(new Plain('outer'));
        });

        self::assertSame(['{"text":"outer"}'], array_column($this->published(), 'data'));
    }

    public function test_24_a_rolled_back_unique_event_leaves_no_lock(): void
    {
        DB::beginTransaction();
        event(new Unique());
        DB::rollBack();
        event(new Unique());

        self::assertCount(1, $this->published());
    }
}
