<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Tests\Fixtures\Plain;
use Clairon\Laravel\Tests\Support\FakeRelay;
use Illuminate\Broadcasting\BroadcastManager;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\DB;
use PHPUnit\Framework\Attributes\TestWith;

/**
 * clairon.flush, broadcastFlush() and the spool.
 */
final class FlushingTest extends TestCase
{
    protected function setUp(): void
    {
        parent::setUp();

        // As in a web request: a command has no response to wait for.
        (fn () => $this->isRunningInConsole = false)->call($this->app);
        event(new Plain('connects'));
        $this->published();
    }

    private function event(string $text, mixed $flush): Plain
    {
        return new class ($text, $flush) extends Plain {
            public function __construct(string $text, protected mixed $flush)
            {
                parent::__construct($text);
            }

            public function broadcastFlush(): mixed
            {
                return $this->flush;
            }
        };
    }

    /**
     * @return array{int, int} writes since it was asked last, events that wait
     */
    private function state(): array
    {
        static $before = 0;
        $stats = $this->publisher()->stats();
        [$writes, $before] = [$stats['writes'] - $before, $stats['writes']];

        return [$writes, $stats['pending']];
    }

    /**
     * @return list<string>
     */
    private function texts(): array
    {
        return array_map(static fn (array $message) => json_decode($message['data'])->text, $this->published());
    }

    public function test_events_leave_at_once_by_default(): void
    {
        $this->state();
        event(new Plain());
        self::assertSame([1, 0], $this->state());
    }

    public function test_response_lets_them_leave_together_when_the_response_is_out(): void
    {
        config(['clairon.flush' => 'response']);
        $this->state();
        event(new Plain('1'));
        event(new Plain('2', ['a', 'b']));
        DB::transaction(static fn () => event(new Plain('3')));
        self::assertSame([0, 4], $this->state());

        $this->app->terminate();
        self::assertSame([1, 0], $this->state());
        self::assertSame(['1', '2', '2', '3'], $this->texts());
    }

    public function test_the_event_decides_for_itself_and_order_stays(): void
    {
        $this->state();
        event($this->event('1', 'response'));
        self::assertSame([0, 1], $this->state());
        event($this->event('2', 'now'));
        self::assertSame([1, 0], $this->state());

        config(['clairon.flush' => 'response']);
        event($this->event('3', null));
        self::assertSame([1, 0], $this->state());
        self::assertSame(['1', '2', '3'], $this->texts());
    }

    public function test_a_transaction_that_was_committed_takes_along_what_waited(): void
    {
        $this->state();
        event($this->event('1', 'response'));
        DB::transaction(static fn () => event(new Plain('2')));

        self::assertSame([1, 0], $this->state());
        self::assertSame(['1', '2'], $this->texts());
    }

    public function test_a_command_has_no_response_to_wait_for(): void
    {
        (fn () => $this->isRunningInConsole = true)->call($this->app);
        $this->state();
        event($this->event('1', 'response'));

        self::assertSame([1, 0], $this->state());
    }

    #[TestWith(['later'])]
    #[TestWith([5])]
    public function test_another_word_is_reported_and_not_published(mixed $word): void
    {
        event($this->event('1', $word));
        self::assertStringContainsString('broadcastFlush() must be "now" or "response".', $this->reported[0]->getMessage());

        config(['clairon.flush' => $word]);
        event(new Plain());
        self::assertStringContainsString('clairon.flush must be "now" or "response".', $this->reported[1]->getMessage());
        self::assertSame([], $this->published());
    }

    public function test_point_21_the_spool_keeps_events_for_all_processes_while_the_relay_is_away(): void
    {
        $path = "{$this->folder->path}/storage/framework/clairon.spool";
        self::assertSame($path, config('broadcasting.connections.clairon.publisher.spool'));
        $this->relay->stop();
        config(['broadcasting.connections.clairon.publisher.outbox_events' => 1]);
        Broadcast::purge('clairon');

        foreach (range(1, 5) as $i) {
            event(new Plain("{$i}"));
        }

        self::assertSame([], $this->reported);
        self::assertFileExists($path);
        $this->relay = FakeRelay::start($this->relay->path);
        $publisher = (fn () => $this->publisher())->call($this->app->make(BroadcastManager::class)->connection('clairon'));
        self::assertTrue($publisher->flush(20000));
        self::assertSame(['1', '2', '3', '4', '5'], $this->texts());
    }
}
