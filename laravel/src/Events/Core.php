<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Clairon\Dispatcher;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Container\Container;
use Illuminate\Contracts\Events\ShouldDispatchAfterCommit;
use Illuminate\Contracts\Events\ShouldHandleEventsAfterCommit;

/**
 * The fast half of CompatibleDispatcher: asks it for listeners and keeps the answers.
 *
 * @internal
 */
final class Core extends Dispatcher
{
    public function __construct(private readonly CompatibleDispatcher $owner, ?Container $container, bool $byLaravel)
    {
        $this->intercept([ShouldBroadcast::class, ShouldDispatchAfterCommit::class]);
        $this->interceptAll($byLaravel);

        if ($container !== null) {
            $this->makeListenersWith($container, [ShouldHandleEventsAfterCommit::class], Making::RULES);
        }
    }

    public function reset(): void
    {
        $this->forgetPrepared();
    }

    public function call(object|string $event, mixed $payload, bool $halt): mixed
    {
        return $this->invokeListeners($event, $payload, $halt);
    }

    protected function findListeners($eventName)
    {
        return $this->owner->listenersOf($eventName);
    }

    protected function prepareListener($listener, $wildcard)
    {
        return $this->owner->prepare($listener, $wildcard);
    }

    /**
     * @param  array<mixed>  $payload
     */
    protected function callMadeListener($listener, $method, $event, $payload, $wildcard)
    {
        return $this->owner->callMade($listener, $method, $event, $payload, $wildcard);
    }

    protected function intercepted($event, $payload, $halt)
    {
        return $this->owner->dispatchByLaravel($event, $payload, $halt);
    }
}
