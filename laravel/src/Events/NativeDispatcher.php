<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Clairon\Dispatcher as ClaironDispatcher;
use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Broadcasting\Factory as BroadcastFactory;
use Illuminate\Contracts\Broadcasting\ShouldBroadcast;
use Illuminate\Contracts\Container\Container as ContainerContract;
use Illuminate\Contracts\Events\Dispatcher as DispatcherContract;
use Illuminate\Contracts\Events\ShouldDispatchAfterCommit;
use Illuminate\Contracts\Events\ShouldHandleEventsAfterCommit;
use Illuminate\Events\Dispatcher as LaravelDispatcher;
use Illuminate\Events\QueuedClosure;
use Illuminate\Support\Arr;
use Illuminate\Support\Collection;
use Illuminate\Support\Str;
use Illuminate\Support\Traits\Macroable;
use Illuminate\Support\Traits\ReflectsClosures;

/**
 * Laravel's contract over Clairon\Dispatcher: dispatch(), until(), hasListeners() and forget() are the
 * C methods themselves. It is no Illuminate\Events\Dispatcher; CompatibleDispatcher is.
 */
class NativeDispatcher extends ClaironDispatcher implements DispatcherContract
{
    use Macroable {
        __call as private callMacro;
    }
    use ReflectsClosures;

    protected ?ContainerContract $container = null;

    private ?Stock $stock = null;

    /** @var callable|null */
    private $transactionManagerResolver;

    private bool $deferring = false;

    /** @var list<array{mixed, mixed, bool}> */
    private array $deferred = [];

    /** @var list<string>|null null: all events */
    private ?array $toDefer = null;

    public function __construct(?ContainerContract $container = null)
    {
        $this->container = $container ?? new Container();
        $this->intercept([ShouldBroadcast::class, ShouldDispatchAfterCommit::class]);
        $this->makeListenersWith($this->container, [ShouldHandleEventsAfterCommit::class]);
        $this->matchWithinLines(! Str::is('*', "\n"));
    }

    private function stock(): Stock
    {
        return $this->stock ??= new Stock($this->container);
    }

    /**
     * Also what only some versions of Laravel's dispatcher have, and its macros.
     */
    public function __call($method, $parameters)
    {
        if (static::hasMacro($method) || ! Stock::knows($method)) {
            return $this->callMacro($method, $parameters);
        }

        return $this->stock()->callFor($this, $method, $parameters);
    }

    /**
     * Takes over what a stock dispatcher holds.
     */
    public static function from(LaravelDispatcher $stock): static
    {
        $content = Stock::contentOf($stock);
        $new = new static($content['container']);

        foreach ($content['listeners'] + $content['wildcards'] as $event => $listeners) {
            foreach ($listeners as $listener) {
                $new->listen((string) $event, Stock::registered($listener));
            }
        }
        if ($content['queueResolver'] !== null) {
            $new->setQueueResolver($content['queueResolver']);
        }
        if (isset($content['transactionManagerResolver'])) {
            $new->setTransactionManagerResolver($content['transactionManagerResolver']);
        }

        return $new;
    }

    public function listen($events, $listener = null, $priority = 0)
    {
        if ($events instanceof Closure || $events instanceof QueuedClosure) {
            [$closure, $listener] = $events instanceof Closure ? [$events, $events] : [$events->closure, $events->resolve(...)];

            return (new Collection($this->firstClosureParameterTypes($closure)))->each(
                fn ($event) => $this->listen($event, $events instanceof Closure ? $listener : $listener(), $priority)
            );
        }
        if ($listener instanceof QueuedClosure) {
            $listener = $listener->resolve();
        }
        foreach ((array) $events as $event) {
            parent::listen($event, $listener, $priority);
        }
    }

    public function subscribe($subscriber)
    {
        $subscriber = is_string($subscriber) ? $this->container->make($subscriber) : $subscriber;
        $events = $subscriber->subscribe($this);

        foreach (is_array($events) ? $events : [] as $event => $listeners) {
            foreach (Arr::wrap($listeners) as $listener) {
                $ofIts = is_string($listener) && method_exists($subscriber, $listener);
                $this->listen($event, $ofIts ? [get_class($subscriber), $listener] : $listener);
            }
        }
    }

    public function push($event, $payload = [])
    {
        $this->listen("{$event}_pushed", function () use ($event, $payload): void {
            $this->dispatch($event, $payload);
        });
    }

    public function flush($event)
    {
        $this->dispatch("{$event}_pushed");
    }

    public function forgetPushed()
    {
        foreach (array_keys($this->getRawListeners()) as $event) {
            if (str_ends_with((string) $event, '_pushed')) {
                $this->forget($event);
            }
        }
    }

    public function getListeners($eventName)
    {
        return array_map(fn (array $found) => $this->makeListener(...$found), $this->findListeners($eventName));
    }

    public function makeListener($listener, $wildcard = false)
    {
        return $this->stock()->makeListener($listener, $wildcard);
    }

    public function createClassListener($listener, $wildcard = false)
    {
        return $this->stock()->createClassListener($listener, $wildcard);
    }

    public function setQueueResolver(callable $resolver)
    {
        $this->stock()->setQueueResolver($resolver);

        return $this;
    }

    public function setTransactionManagerResolver(callable $resolver)
    {
        $this->transactionManagerResolver = $resolver;

        if (method_exists(Stock::class, 'setTransactionManagerResolver')) {
            $this->stock()->setTransactionManagerResolver($resolver);
        }

        return $this;
    }

    public function defer(callable $callback, ?array $events = null)
    {
        $before = [$this->deferring, $this->deferred, $this->toDefer];
        [$this->deferred, $this->toDefer] = [[], $events];
        $this->switchDeferring(true);

        try {
            $result = $callback();
            $this->switchDeferring(false);

            foreach ($this->deferred as $arguments) {
                $this->dispatch(...$arguments);
            }

            return $result;
        } finally {
            [$deferring, $this->deferred, $this->toDefer] = $before;
            $this->switchDeferring($deferring);
        }
    }

    private function switchDeferring(bool $on): void
    {
        $this->deferring = $on;
        $this->interceptAll($on);
    }

    protected function intercepted($event, $payload, $halt)
    {
        [$name, $values] = is_object($event) ? [get_class($event), [$event]] : [$event, Arr::wrap($payload)];

        if ($this->deferring && ($this->toDefer === null || in_array($name, $this->toDefer, true))) {
            $this->deferred[] = [$event, $payload, $halt];

            return null;
        }
        if ($event instanceof ShouldDispatchAfterCommit) {
            $transactions = call_user_func($this->transactionManagerResolver);

            if ($transactions !== null) {
                $transactions->addCallback(fn () => $this->broadcastAndCall($name, $values, $halt));

                return null;
            }
        }

        return $this->broadcastAndCall($name, $values, $halt);
    }

    /**
     * @param  array<mixed>  $values
     */
    private function broadcastAndCall(string $name, array $values, bool $halt): mixed
    {
        if ($this->shouldBroadcast($values)) {
            $this->broadcastEvent($values[0]);
        }

        return $this->invokeListeners($name, $values, $halt);
    }

    protected function shouldBroadcast(array $payload)
    {
        return ($payload[0] ?? null) instanceof ShouldBroadcast && $this->broadcastWhen($payload[0]);
    }

    protected function broadcastWhen($event)
    {
        return method_exists($event, 'broadcastWhen') ? $event->broadcastWhen() : true;
    }

    protected function broadcastEvent($event)
    {
        $this->container->make(BroadcastFactory::class)->queue($event);
    }

    protected function prepareListener($listener, $wildcard)
    {
        // A mock has no constructor, and so no container to make listeners with.
        return isset($this->container) ? $this->stock()->prepare($listener, $wildcard) : $this->makeListener($listener, $wildcard);
    }

    protected function callMadeListener($listener, $method, $event, $payload, $wildcard)
    {
        return $this->stock()->callMade($listener, $method, $event, $payload, $wildcard);
    }
}
