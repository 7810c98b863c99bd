<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Closure;
use Illuminate\Events\Dispatcher;
use ReflectionFunction;

/**
 * For subclasses of Laravel's dispatcher: says which listeners Clairon\Dispatcher may call itself.
 * Everything else (queued, missing or odd ones) gets the closure that Laravel would call.
 *
 * @internal
 */
trait PreparesListeners
{
    private ?Making $making = null;

    /**
     * @return \Closure|array{string, string, bool} a closure, or a class that the container makes, its method, and
     *     whether `new` is all that it needs for that
     */
    public function prepare(mixed $listener, bool $wildcard): mixed
    {
        if (is_string($listener) || (is_array($listener) && is_string($listener[0] ?? null))) {
            $parts = is_array($listener) ? array_values($listener) : $this->parseClassCallable($listener);

            if (
                count($parts) === 2 && is_string($parts[0]) && is_string($parts[1])
                && class_exists($parts[0]) && method_exists($parts[0], $parts[1]) && ! $this->handlerShouldBeQueued($parts[0])
            ) {
                $this->making ??= new Making($this->container);

                return [...$parts, $this->making->isPlain($parts[0])];
            }
        }

        return $this->makeListener($listener, $wildcard); // @phpstan-ignore argument.type (it takes whatever was registered)
    }

    /**
     * What was registered: Laravel 8 keeps it within a closure of its own.
     */
    private static function given(mixed $listener): mixed
    {
        if (! $listener instanceof Closure || method_exists(Dispatcher::class, 'prepareListeners')) {
            return $listener;
        }
        $variables = (new ReflectionFunction($listener))->getStaticVariables();

        return array_key_exists('wildcard', $variables) ? $variables['listener'] : $listener;
    }

    /**
     * Calls what the container made as Laravel does, after commit where it wants that.
     *
     * @param  array<mixed>  $payload
     */
    public function callMade(mixed $listener, string $method, string $event, array $payload, bool $wildcard): mixed
    {
        $waits = $this->handlerShouldBeDispatchedAfterDatabaseTransactions($listener)
            && ! (in_array($method, Early::METHODS, true) && Early::neverWait());
        $callable = $waits ? $this->createCallbackForListenerRunningAfterCommits($listener, $method) : [$listener, $method];

        // What can't be called fails here, in PHP's words.
        return $wildcard
            ? call_user_func($callable, $event, $payload) // @phpstan-ignore argument.type
            : $callable(...array_values($payload)); // @phpstan-ignore callable.nonCallable
    }
}
