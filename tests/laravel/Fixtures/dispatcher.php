<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Fixtures\Dispatching;

use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Events\ShouldDispatchAfterCommit;
use Illuminate\Contracts\Events\ShouldHandleEventsAfterCommit;
use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Foundation\Support\Providers\EventServiceProvider;

interface Marked
{
}

// Laravel has these two since 10.30.
if (interface_exists(ShouldDispatchAfterCommit::class)) {
    interface DispatchedAfterCommit extends ShouldDispatchAfterCommit
    {
    }
    interface HandledAfterCommit extends ShouldHandleEventsAfterCommit
    {
    }
} else {
    interface DispatchedAfterCommit
    {
    }
    interface HandledAfterCommit
    {
    }
}

class Plain
{
}

class Child extends Plain implements Marked
{
}

class Shouted implements ShouldBroadcast, Marked
{
    public function __construct(private bool $when = true) {}

    public function broadcastWhen(): bool
    {
        Said::$words[] = 'when';

        return $this->when;
    }

    public function broadcastOn(): array
    {
        return [];
    }
}

class Committed implements DispatchedAfterCommit
{
}

final class Said
{
    /** @var list<string> */
    public static array $words = [];

    public static function that(string $who, array $arguments): void
    {
        self::$words[] = $who . json_encode(array_map(
            static fn ($a) => is_object($a) ? get_class($a) : (is_array($a) ? array_map(get_debug_type(...), $a) : $a),
            $arguments
        ));
    }
}

class Handler
{
    public function __construct()
    {
        Said::$words[] = 'new ' . static::class;
    }

    public function handle(...$arguments)
    {
        Said::that(static::class . '@handle', $arguments);

        return 'handled';
    }

    public function other(...$arguments)
    {
        Said::that(static::class . '@other', $arguments);

        return null;
    }

    public function stops(...$arguments)
    {
        return false;
    }

    private function hidden()
    {
    }
}

class Replacement extends Handler
{
}

class Replaced extends Handler
{
}

class Invoked
{
    public function __invoke(...$arguments)
    {
        Said::that('invoked', $arguments);

        return 0;
    }
}

class AfterCommit extends Handler implements HandledAfterCommit
{
    public function creating(...$arguments)
    {
        Said::that('creating', $arguments);

        return 'created';
    }
}

class WithProperty extends Handler
{
    public $afterCommit = true;

    public function deleting(...$arguments)
    {
        Said::that('deleting', $arguments);
    }
}

class Queued extends Handler implements ShouldQueue
{
    public function shouldQueue($event = null): bool
    {
        Said::$words[] = 'shouldQueue';

        return ! is_string($event);
    }
}

class Observer
{
    public function created($message): void
    {
        Said::$words[] = "created {$message->content}";
    }

    public function deleting($message): void
    {
        Said::$words[] = "deleting {$message->content}";
    }
}

class ListensProvider extends EventServiceProvider
{
    protected $listen = [Plain::class => [Handler::class]];
}

class Subscriber
{
    public function subscribe($events): array
    {
        return [Plain::class => 'onPlain', 'a.*' => ['onAny'], 'a.b' => [[$this, 'onPlain']]];
    }

    public function onPlain(...$arguments)
    {
        Said::that('onPlain', $arguments);
    }

    public function onAny(...$arguments)
    {
        Said::that('onAny', $arguments);

        return 'any';
    }
}
