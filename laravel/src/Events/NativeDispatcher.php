<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Clairon\Dispatcher as ClaironDispatcher;
use Closure;
use Error;
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
use ReflectionMethod;
use TypeError;

/**
 * Laravel's contract over Clairon\Dispatcher: dispatch(), until(), hasListeners() and forget() are the
 * C methods themselves. It is no Illuminate\Events\Dispatcher; CompatibleDispatcher is.
 *
 * For a subclass that overrides how listeners are found, made or called, every event takes the way
 * through these methods instead, as in Laravel's class.
 */
class NativeDispatcher extends ClaironDispatcher implements DispatcherContract
{
    use Macroable {
        __call as private callMacro;
    }
    use ReflectsClosures;

    /** Methods that the C code does not call. */
    private const NOT_CALLED = ['getListeners', 'makeListener', 'createClassListener', 'invokeListeners', 'shouldBroadcast'];

    protected ?ContainerContract $container = null;

    private ?Stock $stock = null;

    /** @var callable|null */
    private $transactionManagerResolver;

    private bool $deferring = false;

    private ?bool $isOverridden = null;

    /** @var list<array{object|string, mixed, bool}> */
    private array $deferred = [];

    /** @var list<string>|null null: all events */
    private ?array $toDefer = null;

    public function __construct(?ContainerContract $container = null)
    {
        $this->container = $container ??= new Container();
        $this->intercept([ShouldBroadcast::class, ShouldDispatchAfterCommit::class]);
        $this->makeListenersWith($container, [ShouldHandleEventsAfterCommit::class], Making::RULES);
        $this->matchWithinLines(! Str::is('*', "\n"));
        $this->interceptAll($this->isOverridden());
    }

    /**
     * Found out when it is first needed, since mocks have no constructor.
     */
    private function isOverridden(): bool
    {
        return $this->isOverridden ??= static::class !== self::class && $this->overrides(...self::NOT_CALLED);
    }

    private function overrides(string ...$methods): bool
    {
        foreach ($methods as $method) {
            if ((new ReflectionMethod($this, $method))->class !== self::class) {
                return true;
            }
        }

        return false;
    }

    private function container(): ContainerContract
    {
        return $this->container ?? throw new Error('This dispatcher has no container: its constructor did not run.');
    }

    private function stock(): Stock
    {
        return $this->stock ??= Stock::of($this->container, $this->overrides('queueHandler') ? $this : null);
    }

    /**
     * Also what only some versions of Laravel's dispatcher have, and its macros.
     *
     * @param  string  $method
     * @param  array<mixed>  $parameters
     * @return mixed
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
        $new = new static($content['container']); // @phpstan-ignore new.static (a subclass keeps this constructor)

        foreach ($content['listeners'] + $content['wildcards'] as $event => $listeners) {
            foreach ($listeners as $listener) {
                $new->listen((string) $event, Stock::registered($listener));
            }
        }
        if (isset($content['queueResolver'])) {
            $new->setQueueResolver($content['queueResolver']);
        }
        if (isset($content['transactionManagerResolver'])) {
            $new->setTransactionManagerResolver($content['transactionManagerResolver']);
        }

        return $new;
    }

    /**
     * @param  Closure|QueuedClosure|string|array<string>  $events
     * @param  mixed  $listener
     * @param  int  $priority
     * @return Collection<int, string>|null
     */
    public function listen($events, $listener = null, $priority = 0)
    {
        if ($events instanceof Closure || $events instanceof QueuedClosure) {
            /** @var list<string> $types */
            $types = array_values($this->firstClosureParameterTypes($events instanceof Closure ? $events : $events->closure));

            return (new Collection($types))->each(function (string $event) use ($events, $priority): void {
                $this->listen($event, $events instanceof Closure ? $events : $events->resolve(), $priority);
            });
        }
        if ($listener instanceof QueuedClosure) {
            $listener = $listener->resolve();
        }
        foreach ((array) $events as $event) {
            parent::listen($event, $listener, $priority); // @phpstan-ignore argument.type (any, prepareListener() sees to it)
        }

        return null;
    }

    public function subscribe($subscriber)
    {
        $made = is_string($subscriber) ? $this->container()->make($subscriber) : $subscriber;
        assert(is_object($made));
        $events = $made->subscribe($this); // @phpstan-ignore method.notFound (Laravel has no type for it)

        foreach (is_array($events) ? $events : [] as $event => $listeners) {
            foreach (Arr::wrap($listeners) as $listener) {
                $ofIts = is_string($listener) && method_exists($made, $listener);
                $this->listen((string) $event, $ofIts ? [get_class($made), $listener] : $listener);
            }
        }
    }

    /**
     * @param  string  $event
     * @param  mixed  $payload
     */
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

    /**
     * @return list<Closure> as Laravel would call them, with what was registered in their static variables
     */
    public function getListeners($eventName)
    {
        return array_map(fn (array $found) => $this->makeListener($found[0], $found[1] === true), $this->findListeners($eventName));
    }

    /**
     * @param  mixed  $listener
     * @param  bool  $wildcard
     * @return Closure
     */
    public function makeListener($listener, $wildcard = false)
    {
        return is_string($listener) || (is_array($listener) && is_string($listener[0] ?? null))
            ? $this->createClassListener($listener, $wildcard)
            : $this->stock()->closureFor($listener, $wildcard);
    }

    /**
     * @param  string|array<mixed>  $listener
     * @param  bool  $wildcard
     * @return Closure
     */
    public function createClassListener($listener, $wildcard = false)
    {
        return $this->stock()->createClassListener($listener, $wildcard); // @phpstan-ignore argument.type (Laravel checks it)
    }

    /**
     * @param  string  $class
     * @param  string  $method
     * @param  array<mixed>  $arguments
     * @return void
     */
    protected function queueHandler($class, $method, $arguments)
    {
        $this->stock()->queueByLaravel($class, $method, $arguments);
    }

    /**
     * @internal what a subclass overrides
     *
     * @param  array<mixed>  $arguments
     */
    public function queueByOwner(string $class, string $method, array $arguments): void
    {
        $this->queueHandler($class, $method, $arguments);
    }

    /**
     * @return $this
     */
    public function setQueueResolver(callable $resolver)
    {
        $this->stock()->setQueueResolver($resolver);

        return $this;
    }

    /**
     * @return $this
     */
    public function setTransactionManagerResolver(callable $resolver)
    {
        $this->transactionManagerResolver = $resolver;

        if (method_exists(Stock::class, 'setTransactionManagerResolver')) {
            $this->stock()->setTransactionManagerResolver($resolver);
        }

        return $this;
    }

    /**
     * @template TResult
     *
     * @param  callable(): TResult  $callback
     * @param  list<string>|null  $events
     * @return TResult
     */
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
        $this->interceptAll($on || $this->isOverridden());
    }

    protected function intercepted($event, $payload, $halt)
    {
        [$name, $values] = is_object($event) ? [get_class($event), [$event]] : [$event, Arr::wrap($payload)];

        if ($this->deferring && ($this->toDefer === null || in_array($name, $this->toDefer, true))) {
            $this->deferred[] = [$event, $payload, $halt];

            return null;
        }
        if ($event instanceof ShouldDispatchAfterCommit) {
            $resolver = $this->transactionManagerResolver ?? throw new TypeError('setTransactionManagerResolver() was not called.');
            $transactions = $resolver();

            if (is_object($transactions) && method_exists($transactions, 'addCallback')) {
                $transactions->addCallback(fn () => $this->invokeListeners($name, $values, $halt));

                return null;
            }
        }

        return $this->invokeListeners($name, $values, $halt);
    }

    /**
     * @param  string  $event
     * @param  array<mixed>  $payload
     * @param  bool  $halt
     * @return mixed
     */
    protected function invokeListeners($event, $payload, $halt = false)
    {
        if ($this->shouldBroadcast($payload)) {
            $this->broadcastEvent($payload[0]); // @phpstan-ignore argument.type (shouldBroadcast() has looked)
        }

        return $this->isOverridden() ? $this->callFound($event, $payload, $halt) : parent::invokeListeners($event, $payload, $halt);
    }

    /**
     * @param  array<mixed>  $payload
     */
    private function callFound(string $event, array $payload, bool $halt): mixed
    {
        $results = [];

        foreach ($this->getListeners($event) as $listener) {
            $result = $listener($event, $payload);

            if ($halt && $result !== null) {
                return $result;
            }
            if ($result === false) {
                break;
            }
            $results[] = $result;
        }

        return $halt ? null : $results;
    }

    /**
     * @param  array<mixed>  $payload
     * @return bool
     */
    protected function shouldBroadcast(array $payload)
    {
        return ($payload[0] ?? null) instanceof ShouldBroadcast && $this->broadcastWhen($payload[0]);
    }

    /**
     * @param  object  $event
     * @return bool
     */
    protected function broadcastWhen($event)
    {
        return method_exists($event, 'broadcastWhen') ? (bool) $event->broadcastWhen() : true;
    }

    /**
     * @param  ShouldBroadcast  $event
     * @return void
     */
    protected function broadcastEvent($event)
    {
        $this->container()->make(BroadcastFactory::class)->queue($event); // @phpstan-ignore method.notFound (of the contract)
    }

    protected function prepareListener($listener, $wildcard)
    {
        // A mock has no constructor, and so no container to make listeners with.
        return isset($this->container) ? $this->stock()->prepare($listener, $wildcard) : $this->makeListener($listener, $wildcard);
    }

    /**
     * @param  array<mixed>  $payload
     */
    protected function callMadeListener($listener, $method, $event, $payload, $wildcard)
    {
        return $this->stock()->callMade($listener, $method, $event, $payload, $wildcard);
    }
}
