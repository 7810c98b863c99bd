<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Clairon;
use Clairon\Laravel\Testing\RecordedBroadcast;
use Clairon\Laravel\Tests\Fixtures\Models\User;
use Clairon\Laravel\Tests\Fixtures\Now;
use Clairon\Laravel\Tests\Fixtures\Plain;
use Illuminate\Broadcasting\PrivateChannel;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Event;
use PHPUnit\Framework\AssertionFailedError;

/**
 * Clairon::fake() and the transport "array", as an application's tests use them.
 */
final class FakeTest extends TestCase
{
    /**
     * The assertion fails; what it says.
     */
    private function failure(callable $assertion): string
    {
        try {
            $assertion();
        } catch (AssertionFailedError $e) {
            return $e->getMessage();
        }

        self::fail('the assertion passed');
    }

    private function renamed(): ShouldBroadcast
    {
        return new class () implements ShouldBroadcast {
            public string $text = 'hello';

            public function broadcastOn(): array
            {
                return [new PrivateChannel('orders.1'), new PrivateChannel('orders.2')];
            }

            public function broadcastAs(): string
            {
                return 'order.shipped';
            }
        };
    }

    public function test_events_are_recorded_and_nothing_is_sent(): void
    {
        Clairon::fake();
        event(new Plain('one'));
        event(new Now('two'));

        Clairon::assertBroadcast(Plain::class);
        Clairon::assertBroadcast(Plain::class, fn (Plain $event) => $event->text === 'one');
        Clairon::assertBroadcast(fn (Now $event) => $event->text === 'two');
        Clairon::assertBroadcast(Plain::class, 1);
        Clairon::assertNotBroadcast(ShouldBroadcast::class);
        Clairon::assertBroadcastTimes(Plain::class);
        Clairon::assertNotBroadcast(Plain::class, fn (Plain $event) => $event->text === 'other');
        self::assertSame(['one', 'two'], Clairon::broadcasts()->pluck('data.text')->all());
        self::assertSame([], $this->relay->take());
        self::assertSame([[], 0], [$this->reported, $this->jobs()]);
    }

    public function test_an_event_is_known_by_its_name_for_browsers_too(): void
    {
        Clairon::fake();
        event($this->renamed());

        Clairon::assertBroadcast('order.shipped', fn (RecordedBroadcast $b) => $b->data === ['text' => 'hello']);
        Clairon::assertBroadcastOn('private-orders.1');
        Clairon::assertBroadcastOn('orders.2', 'order.shipped', fn (RecordedBroadcast $b) => $b->except === null);
        Clairon::assertNotBroadcastOn('orders.3');
        Clairon::assertNotBroadcast('order.lost');
    }

    public function test_failures_show_what_was_broadcast_instead(): void
    {
        Clairon::fake();
        self::assertStringContainsString('Nothing was broadcast.', $this->failure(fn () => Clairon::assertBroadcast('x')));
        event($this->renamed());

        $shown = ' What was broadcast:' . "\n" . '  1. [order.shipped] (' . ShouldBroadcast::class . "@anonymous";
        foreach ([
            'The expected [x] was not broadcast.' => fn () => Clairon::assertBroadcast('x'),
            '[order.shipped] was broadcast 1 times instead of 2.' => fn () => Clairon::assertBroadcastTimes('order.shipped', 2),
            'The expected [order.shipped] was not broadcast on [orders.3].' => fn () => Clairon::assertBroadcastOn('orders.3', 'order.shipped'),
            'Nothing was broadcast on [orders.3].' => fn () => Clairon::assertBroadcastOn('orders.3'),
            'Something was broadcast on [orders.1].' => fn () => Clairon::assertNotBroadcastOn('orders.1'),
            'The unexpected [order.shipped] was broadcast.' => fn () => Clairon::assertNotBroadcast('order.shipped'),
            '1 events were broadcast that nobody expected.' => fn () => Clairon::assertNothingBroadcast(),
            'The expected [order.shipped] was not broadcast as the callback wants it (1 others were).'
                => fn () => Clairon::assertBroadcast('order.shipped', fn () => false),
        ] as $sentence => $assertion) {
            $message = str_replace("\0", '', $this->failure($assertion));
            self::assertStringStartsWith($sentence . $shown, $message);
            self::assertStringContainsString('on private-orders.1, private-orders.2: {"text":"hello"}', $message);
        }
    }

    public function test_without_fake_the_assertions_say_so(): void
    {
        self::assertStringContainsString('Clairon::fake()', $this->failure(fn () => Clairon::assertNothingBroadcast()));
    }

    public function test_event_fake_is_named_as_the_reason(): void
    {
        Clairon::fake();
        Event::fake();
        event(new Plain());

        self::assertStringContainsString('Event::fake() is on', $this->failure(fn () => Clairon::assertBroadcast(Plain::class)));
    }

    public function test_what_the_relay_would_refuse_is_refused(): void
    {
        Clairon::fake();
        config(['clairon.on_failure' => 'throw']);

        foreach (
            [
                'no channel name' => ['bad channel', 'x', []],
                'An event\'s name' => ['orders', str_repeat('x', 201), []],
                'payload_bytes' => ['orders', 'x', ['text' => str_repeat('x', 10240)]],
                'Malformed UTF-8' => ['orders', 'x', ["\xff"]],
            ] as $sentence => [$channel, $name, $data]
        ) {
            try {
                Broadcast::connection()->broadcast([$channel], $name, $data);
                self::fail("{$name} was accepted");
            } catch (\Illuminate\Broadcasting\BroadcastException $e) {
                self::assertStringContainsString($sentence, $e->getMessage());
            }
        }

        Clairon::assertNothingBroadcast();
    }

    public function test_the_sender_is_left_out_as_before(): void
    {
        Clairon::fake();
        Broadcast::connection()->broadcast(['orders'], 'x', ['socket' => '1.2', 'a' => 1]);

        self::assertSame('1.2', Clairon::broadcasts('x')[0]->except);
        self::assertSame(['a' => 1], Clairon::broadcasts('x')[0]->data);
        self::assertNull(Clairon::broadcasts('x')[0]->event);
    }

    public function test_a_default_connection_of_another_driver_is_recorded_too(): void
    {
        config(['broadcasting.default' => null]);
        Broadcast::channel('late', fn () => true);
        Clairon::fake();
        event(new Plain());

        Clairon::assertBroadcast(Plain::class);
        $request = Request::create('/broadcasting/auth', 'POST', ['channel_name' => 'private-late', 'socket_id' => '1.2']);
        $request->setUserResolver(static fn () => new User());
        self::assertArrayHasKey('auth', Broadcast::connection()->auth($request), 'its channels stay');
    }

    public function test_a_second_fake_starts_anew(): void
    {
        Clairon::fake();
        event(new Plain());
        Clairon::fake();

        Clairon::assertNothingBroadcast();
    }

    public function test_what_waits_for_a_commit_is_recorded_at_the_commit(): void
    {
        Clairon::fake();
        DB::transaction(function (): void {
            event(new Plain('kept'));
            Clairon::assertNothingBroadcast();
        });

        try {
            DB::transaction(function (): void {
                event(new Plain('lost'));

                throw new \LogicException();
            });
        } catch (\LogicException) {
        }

        self::assertSame(['kept'], Clairon::broadcasts()->pluck('data.text')->all());
    }

    public function test_inside_the_transaction_that_wraps_a_test(): void
    {
        $wrapper = new class ($this->app) {
            use \Illuminate\Foundation\Testing\DatabaseTransactions;

            public function __construct(public \Illuminate\Foundation\Application $app)
            {
            }

            protected function beforeApplicationDestroyed(callable $callback): void
            {
            }
        };
        $wrapper->beginDatabaseTransaction();
        Clairon::fake();
        event(new Plain('outside of the test\'s own'));
        DB::transaction(fn () => DB::transaction(function (): void {
            event(new Plain('inside'));
            Clairon::assertBroadcastTimes(Plain::class, 1);
        }));

        Clairon::assertBroadcastTimes(Plain::class, 2);

        try {
            DB::transaction(function (): void {
                event(new Plain('lost'));

                throw new \LogicException();
            });
        } catch (\LogicException) {
        }

        DB::transaction(fn () => null);
        Clairon::assertBroadcastTimes(Plain::class, 2);
        DB::rollBack();
    }

    public function test_the_transport_array_needs_configuration_only(): void
    {
        config(['broadcasting.connections.clairon.transport' => 'array', 'broadcasting.connections.clairon.key' => null]);
        Broadcast::purge('clairon');
        event(new Plain());

        Clairon::assertBroadcastTimes(Plain::class);
        self::assertSame([], $this->reported);
    }

    public function test_an_unknown_transport_is_named(): void
    {
        config(['broadcasting.connections.clairon.transport' => 'carrier-pigeon']);
        Broadcast::purge('clairon');
        event(new Plain());

        self::assertStringContainsString('CLAIRON_TRANSPORT', $this->reported[0]->getMessage());
    }

    public function test_it_needs_no_extension(): void
    {
        $vendor = Support\AppFolder::vendor();
        $this->folder->write('run.php', <<<PHP
<?php

require '{$vendor}/autoload.php';
\$app = require __DIR__.'/bootstrap/app.php';
\$app->make(Illuminate\Contracts\Console\Kernel::class)->bootstrap();
Clairon\Laravel\Clairon::fake();
event(new Clairon\Laravel\Tests\Fixtures\Plain());
Clairon\Laravel\Clairon::assertBroadcastTimes(Clairon\Laravel\Tests\Fixtures\Plain::class);
echo extension_loaded('clairon') ? 'loaded' : 'not loaded';
PHP);
        $process = new \Symfony\Component\Process\Process([PHP_BINARY, "{$this->folder->path}/run.php"], null, ['COMPOSER_VENDOR_DIR' => $vendor]);
        $process->run();

        self::assertSame('not loaded', $process->getOutput() . $process->getErrorOutput());
    }
}
