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

    /**
     * @param  mixed  $events
     * @param  mixed  $listener
     * @return mixed a collection for a closure alone
     */
    public function listen($events, $listener = null)
    {
        try {
            return parent::listen($events, $listener); // @phpstan-ignore staticMethod.void, argument.type, argument.type (Laravel says void)
        } finally {
            $this->core?->reset();
        }
    }

    public function forget($event)
    {
        parent::forget($event);
        $this->core?->reset();
    }

    /**
     * @param  object|string  $event
     * @param  mixed  $payload
     * @param  bool  $halt
     * @return mixed
     */
    public function dispatch($event, $payload = [], $halt = false)
    {
        if ($this->deferringEvents ?? false) {
            return parent::dispatch(...func_get_args()); // @phpstan-ignore argument.type (kept as they came)
        }

        return ($this->core ?? $this->core())->dispatch($event, $payload, $halt);
    }

    /**
     * @param  object|string  $event
     * @param  array<mixed>  $payload
     * @param  bool  $halt
     * @return mixed
     */
    protected function invokeListeners($event, $payload, $halt = false)
    {
        $core = $this->core ?? $this->core();

        if ($this->isOverridden) {
            return parent::invokeListeners($event, $payload, $halt);
        }
        if ($this->shouldBroadcast($payload)) {
            $this->broadcastEvent($payload[0]); // @phpstan-ignore argument.type (shouldBroadcast() has looked)
        }

        return $core->call($event, $payload, $halt);
    }

    /**
     * @internal for events that Laravel broadcasts or defers to the commit
     */
    public function dispatchByLaravel(object|string $event, mixed $payload, bool $halt): mixed
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
        $found = [];
        $add = static function (mixed $listeners, bool $wildcard) use (&$found): void {
            foreach ((array) $listeners as $listener) {
                $found[] = [self::given($listener), $wildcard];
            }
        };
        $add($this->listeners[$name] ?? [], false);

        foreach ($this->wildcards as $pattern => $listeners) {
            if (Str::is((string) $pattern, $name)) {
                $add($listeners, true);
            }
        }

        foreach (class_exists($name, false) ? class_implements($name) : [] as $interface) {
            $add($this->listeners[$interface] ?? [], false);
        }

        return $found;
    }

    /**
     * Takes over what a stock dispatcher holds.
     */
    public static function from(LaravelDispatcher $stock): static
    {
        $new = new static($stock->container); // @phpstan-ignore new.static (a subclass keeps Laravel's constructor)

        foreach (get_object_vars($stock) as $name => $value) {
            $new->{$name} = $value;
        }

        return $new;
    }
}
