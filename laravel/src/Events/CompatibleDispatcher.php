<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Illuminate\Events\Dispatcher as LaravelDispatcher;
use Illuminate\Support\Str;
use ReflectionMethod;

/**
 * Laravel's dispatcher, for code that asks for that very class. It keeps its listeners as ever; only
 * finding and calling them is done by Clairon\Dispatcher.
 *
 * A subclass that overrides how listeners are found or called gets Laravel's code as it is.
 */
class CompatibleDispatcher extends LaravelDispatcher
{
    use PreparesListeners;

    /** Methods of Laravel's dispatcher that Core does not call. */
    private const OURS = [
        'invokeListeners', 'shouldBroadcast', 'shouldDeferEvent', 'parseEventAndPayload', 'getListeners', 'prepareListeners',
        'getWildcardListeners', 'addInterfaceListeners', 'makeListener', 'createClassListener', 'createClassCallable',
    ];

    private ?Core $core = null;

    private bool $isOverridden = false;

    public function __clone()
    {
        $this->core = null;
    }

    /**
     * Made when it is first needed, since mocks have no constructor.
     */
    private function core(): Core
    {
        foreach (static::class === self::class ? [] : self::OURS as $method) {
            $class = method_exists($this, $method) ? (new ReflectionMethod($this, $method))->class : self::class;
            $this->isOverridden = $this->isOverridden || ($class !== self::class && $class !== LaravelDispatcher::class);
        }

        return $this->core = new Core($this, $this->container, $this->isOverridden);
    }

    public function listen($events, $listener = null)
    {
        try {
            return parent::listen($events, $listener);
        } finally {
            $this->core?->reset();
        }
    }

    public function forget($event)
    {
        parent::forget($event);
        $this->core?->reset();
    }

    public function dispatch($event, $payload = [], $halt = false)
    {
        if ($this->deferringEvents ?? false) {
            return parent::dispatch(...func_get_args());
        }

        return ($this->core ?? $this->core())->dispatch($event, $payload, $halt);
    }

    protected function invokeListeners($event, $payload, $halt = false)
    {
        $core = $this->core ?? $this->core();

        if ($this->isOverridden) {
            return parent::invokeListeners($event, $payload, $halt);
        }
        if ($this->shouldBroadcast($payload)) {
            $this->broadcastEvent($payload[0]);
        }

        return $core->call($event, $payload, $halt);
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
        $found = array_map(static fn ($listener) => [self::given($listener), false], $this->listeners[$name] ?? []);

        foreach ($this->wildcards as $pattern => $listeners) {
            if (Str::is((string) $pattern, $name)) {
                array_push($found, ...array_map(static fn ($listener) => [self::given($listener), true], $listeners));
            }
        }

        foreach (class_exists($name, false) ? class_implements($name) : [] as $interface) {
            array_push($found, ...array_map(static fn ($listener) => [self::given($listener), false], $this->listeners[$interface] ?? []));
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
