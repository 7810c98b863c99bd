<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Testing;

use Closure;
use Illuminate\Broadcasting\BroadcastEvent;
use Illuminate\Support\Collection;
use Illuminate\Support\Facades\Config;
use Illuminate\Support\Facades\Event;
use Illuminate\Support\Testing\Fakes\EventFake;
use Illuminate\Support\Traits\Macroable;
use InvalidArgumentException;
use JsonException;
use PHPUnit\Framework\Assert as PHPUnit;
use ReflectionFunction;
use ReflectionNamedType;
use ValueError;

/**
 * The transport "array": keeps what is broadcast, for assertions. What the real transport would
 * refuse is refused here, too. Needs no extension.
 */
final class Recorder
{
    use Macroable;

    private const CHANNEL = '/\A[-a-zA-Z0-9_=@,.;]{1,164}\z/';

    private const EVENT_BYTES = 200;

    private const PAYLOAD_BYTES = 10240;

    // From record() to the job that broadcasts the event.
    private const FRAMES = 12;

    /** @var list<RecordedBroadcast> */
    private array $broadcasts = [];

    private bool $isUsed = false;

    /**
     * A broadcaster records here from now on.
     */
    public function attach(): self
    {
        $this->isUsed = true;

        return $this;
    }

    /**
     * @param list<string> $channels
     *
     * @return string the result, as the real transport tells it
     *
     * @throws ValueError
     * @throws JsonException
     */
    public function record(array $channels, string $event, mixed $data, ?string $except): string
    {
        $json = json_encode($data, JSON_THROW_ON_ERROR);
        $this->check($channels, $event, strlen($json));

        $this->broadcasts[] = new RecordedBroadcast(
            $channels,
            $event,
            json_decode($json, true, flags: JSON_THROW_ON_ERROR),
            $except,
            $this->eventBehind()
        );

        return 'sent';
    }

    /**
     * What was broadcast, or of it what is this event and passes the callback.
     *
     * @return Collection<int, RecordedBroadcast>
     */
    public function broadcasts(?string $event = null, ?Closure $callback = null): Collection
    {
        $this->mustBeUsed();
        $passes = fn (RecordedBroadcast $broadcast): bool => ($event === null || $broadcast->is($event))
            && ($callback === null || (bool) $this->ask($callback, $broadcast, $event));

        return (new Collection($this->broadcasts))->filter($passes)->values();
    }

    /**
     * @param string|Closure $event an event's class, its name for browsers, or a callback whose first
     *     parameter's type is the class
     * @param Closure|int|null $callback gets the event (the RecordedBroadcast if $event is a name) and
     *     the RecordedBroadcast; a number: so many times
     */
    public function assertBroadcast(string|Closure $event, Closure|int|null $callback = null): void
    {
        if ($event instanceof Closure) {
            [$event, $callback] = [$this->typeOf($event), $event];
        }

        if (is_int($callback)) {
            $this->assertBroadcastTimes($event, $callback);

            return;
        }

        PHPUnit::assertTrue(
            $this->broadcasts($event, $callback)->isNotEmpty(),
            $this->message("The expected [{$event}] was not broadcast" . $this->orNoneOf($event, $callback) . '.')
        );
    }

    public function assertBroadcastTimes(string $event, int $times = 1): void
    {
        $count = $this->broadcasts($event)->count();

        PHPUnit::assertSame(
            $times,
            $count,
            $this->message("[{$event}] was broadcast {$count} times instead of {$times}.")
        );
    }

    public function assertBroadcastOn(string $channel, ?string $event = null, ?Closure $callback = null): void
    {
        $found = $this->broadcasts($event, $callback)->contains(
            static fn (RecordedBroadcast $broadcast): bool => $broadcast->isOn($channel)
        );
        $what = $event === null ? 'Nothing' : "The expected [{$event}]";

        PHPUnit::assertTrue($found, $this->message(
            "{$what} was " . ($event === null ? '' : 'not ') . "broadcast on [{$channel}]" . $this->orNoneOf($event, $callback) . '.'
        ));
    }

    public function assertNotBroadcastOn(string $channel, ?string $event = null): void
    {
        $found = $this->broadcasts($event)->contains(
            static fn (RecordedBroadcast $broadcast): bool => $broadcast->isOn($channel)
        );

        PHPUnit::assertFalse($found, $this->message(
            ($event === null ? 'Something' : "The unexpected [{$event}]") . " was broadcast on [{$channel}]."
        ));
    }

    public function assertNotBroadcast(string|Closure $event, ?Closure $callback = null): void
    {
        if ($event instanceof Closure) {
            [$event, $callback] = [$this->typeOf($event), $event];
        }

        PHPUnit::assertTrue(
            $this->broadcasts($event, $callback)->isEmpty(),
            $this->message("The unexpected [{$event}] was broadcast.")
        );
    }

    public function assertNothingBroadcast(): void
    {
        PHPUnit::assertTrue(
            $this->broadcasts()->isEmpty(),
            $this->message(count($this->broadcasts) . ' events were broadcast that nobody expected.')
        );
    }

    /**
     * @param list<string> $channels
     */
    private function check(array $channels, string $event, int $bytes): void
    {
        foreach ($channels as $channel) {
            if (preg_match(self::CHANNEL, $channel) !== 1) {
                throw new ValueError("\"{$channel}\" is no channel name.");
            }
        }

        if ($event === '' || strlen($event) > self::EVENT_BYTES) {
            throw new ValueError('An event\'s name has 1 to ' . self::EVENT_BYTES . ' bytes.');
        }

        $limit = filter_var(Config::get('broadcasting.connections.clairon.publisher.payload_bytes'), FILTER_VALIDATE_INT) ?: self::PAYLOAD_BYTES;

        if ($bytes > $limit) {
            throw new ValueError("The event's data is {$bytes} bytes long, the limit (payload_bytes) is {$limit}.");
        }
    }

    /**
     * Broadcasters are told names and arrays only; the event is in the job that called this one.
     */
    private function eventBehind(): ?object
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_PROVIDE_OBJECT | DEBUG_BACKTRACE_IGNORE_ARGS, self::FRAMES) as $frame) {
            $job = $frame['object'] ?? null;

            if ($job instanceof BroadcastEvent) {
                return is_object($job->event) ? $job->event : null;
            }
        }

        return null;
    }

    private function ask(Closure $callback, RecordedBroadcast $broadcast, ?string $event): mixed
    {
        $subject = $event !== null && $broadcast->event instanceof $event ? $broadcast->event : $broadcast;

        return $callback($subject, $broadcast);
    }

    /**
     * @return class-string
     */
    private function typeOf(Closure $callback): string
    {
        $type = ((new ReflectionFunction($callback))->getParameters()[0] ?? null)?->getType();

        if (! $type instanceof ReflectionNamedType || $type->isBuiltin()) {
            throw new InvalidArgumentException(
                'The callback\'s first parameter needs the event\'s class as its type, or name the event first.'
            );
        }

        /** @var class-string $name */
        $name = $type->getName();

        return $name;
    }

    private function orNoneOf(?string $event, ?Closure $callback): string
    {
        $count = $callback === null ? 0 : $this->broadcasts($event)->count();

        return $count === 0 ? '' : " as the callback wants it ({$count} others were)";
    }

    private function message(string $sentence): string
    {
        if ($this->broadcasts === []) {
            return $sentence . ' Nothing was broadcast.' . $this->hint();
        }

        $lines = array_map(
            static fn (RecordedBroadcast $broadcast, int $i) => '  ' . ($i + 1) . '. ' . $broadcast->describe(),
            $shown = array_slice($this->broadcasts, 0, 20),
            array_keys($shown)
        );
        $more = count($this->broadcasts) - count($shown);

        return "{$sentence} What was broadcast:\n" . implode("\n", $lines) . ($more > 0 ? "\n  and {$more} more" : '');
    }

    private function hint(): string
    {
        return Event::getFacadeRoot() instanceof EventFake
            ? ' Event::fake() is on: events it holds back never get to broadcasting.'
            : ' Inside an open transaction events wait for its commit.';
    }

    private function mustBeUsed(): void
    {
        if (! $this->isUsed) {
            PHPUnit::fail('Nothing is recorded: call Clairon::fake() before what broadcasts, or set CLAIRON_TRANSPORT=array.');
        }
    }
}
