<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

/**
 * For subclasses of Laravel's dispatcher: says which listeners Clairon\Dispatcher may call itself.
 * Everything else (queued, missing or odd ones) gets the closure that Laravel would call.
 *
 * @internal
 */
trait PreparesListeners
{
    /**
     * @return \Closure|array{string, string} a closure, or a class that the container makes and its method
     */
    public function prepare(mixed $listener, bool $wildcard): mixed
    {
        if (is_string($listener) || (is_array($listener) && is_string($listener[0] ?? null))) {
            $parts = is_array($listener) ? array_values($listener) : $this->parseClassCallable($listener);

            if (
                count($parts) === 2 && is_string($parts[0]) && is_string($parts[1])
                && method_exists($parts[0], $parts[1]) && ! $this->handlerShouldBeQueued($parts[0])
            ) {
                return $parts;
            }
        }

        return $this->makeListener($listener, $wildcard);
    }

    /**
     * Calls what the container made as Laravel does, after commit where it wants that.
     *
     * @param  array<mixed>  $payload
     */
    public function callMade(mixed $listener, string $method, string $event, array $payload, bool $wildcard): mixed
    {
        $early = ['creating', 'updating', 'saving', 'deleting', 'restoring', 'forceDeleting'];
        $callable = ! in_array($method, $early, true) && $this->handlerShouldBeDispatchedAfterDatabaseTransactions($listener)
            ? $this->createCallbackForListenerRunningAfterCommits($listener, $method)
            : [$listener, $method];

        return $wildcard ? call_user_func($callable, $event, $payload) : $callable(...array_values($payload));
    }
}
