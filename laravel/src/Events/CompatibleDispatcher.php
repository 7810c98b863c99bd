<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Illuminate\Contracts\Container\Container;
use Illuminate\Events\Dispatcher as LaravelDispatcher;
use Illuminate\Support\Str;
use ReflectionMethod;

/**
 * Laravel's dispatcher, for code that asks for that very class. It keeps its listeners as ever; only
 * finding and calling them is done by Clairon\Dispatcher.
 */
class CompatibleDispatcher extends LaravelDispatcher
{
    use PreparesListeners;

    private Core $core;

    public function __construct(?Container $container = null)
    {
        parent::__construct($container);
        $this->core = new Core($this, $this->container);
    }

    public function __clone()
    {
        $this->core = new Core($this, $this->container);
    }

    public function listen($events, $listener = null)
    {
        try {
            return parent::listen($events, $listener);
        } finally {
            $this->core->reset();
        }
    }

    public function forget($event)
    {
        parent::forget($event);
        $this->core->reset();
    }

    public function dispatch($event, $payload = [], $halt = false)
    {
        if ($this->deferringEvents ?? false) {
            return parent::dispatch(...func_get_args());
        }

        return $this->core->dispatch($event, $payload, $halt);
    }

    protected function invokeListeners($event, $payload, $halt = false)
    {
        if ($this->shouldBroadcast($payload)) {
            $this->broadcastEvent($payload[0]);
        }

        return $this->core->call($event, $payload, $halt);
    }

    /**
     * @internal for events that Laravel broadcasts or defers to the commit
     */
    public function dispatchByLaravel(mixed $event, mixed $payload, bool $halt): mixed
    {
        return parent::dispatch($event, $payload, $halt);
    }

    /**
     * @internal
     *
     * @return list<array{mixed, bool|null}>
     */
    public function listenersOf(string $name): array
    {
        if ((new ReflectionMethod($this, 'makeListener'))->class !== LaravelDispatcher::class) {
            // A subclass wants to see every listener.
            return array_map(static fn ($listener) => [$listener, null], $this->getListeners($name));
        }

        $found = array_map(static fn ($listener) => [$listener, false], $this->listeners[$name] ?? []);

        foreach ($this->wildcards as $pattern => $listeners) {
            if (Str::is((string) $pattern, $name)) {
                array_push($found, ...array_map(static fn ($listener) => [$listener, true], $listeners));
            }
        }

        foreach (class_exists($name, false) ? class_implements($name) : [] as $interface) {
            array_push($found, ...array_map(static fn ($listener) => [$listener, false], $this->listeners[$interface] ?? []));
        }

        return $found;
    }

    /**
     * Takes over what a stock dispatcher holds.
     */
    public static function from(LaravelDispatcher $stock): static
    {
        $new = new static($stock->container);

        foreach (get_object_vars($stock) as $name => $value) {
            $new->{$name} = $value;
        }

        return $new;
    }
}
