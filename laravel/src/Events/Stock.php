<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Closure;
use Illuminate\Contracts\Container\Container;
use Illuminate\Events\Dispatcher;
use ReflectionMethod;
use WeakReference;

/**
 * Laravel's own code for what NativeDispatcher leaves to it: listeners that are queued or wait for a
 * commit, and the closures that show listeners to others. No event is dispatched through it.
 *
 * @internal
 */
final class Stock extends LaravelCode
{
    use PreparesListeners;

    /** @var WeakReference<NativeDispatcher>|null whose own method queues listeners; weak, since it holds this */
    private ?WeakReference $owner = null;

    /**
     * @param  NativeDispatcher|null  $owner  of a class that overrides queueHandler()
     */
    public static function of(?Container $container, ?NativeDispatcher $owner): self
    {
        $stock = new self($container);
        $stock->owner = $owner === null ? null : WeakReference::create($owner);

        return $stock;
    }

    /**
     * @param  string  $class
     * @param  string  $method
     * @param  array<mixed>  $arguments
     */
    protected function queueHandler($class, $method, $arguments)
    {
        $owner = $this->owner?->get();

        if ($owner === null) {
            parent::queueHandler($class, $method, $arguments);
        } else {
            $owner->queueByOwner($class, $method, $arguments);
        }
    }

    /**
     * @param  array<mixed>  $arguments
     */
    public function queueByLaravel(string $class, string $method, array $arguments): void
    {
        parent::queueHandler($class, $method, $arguments);
    }

    /**
     * @return array{container: Container|null, listeners: array<array<mixed>>, wildcards: array<array<mixed>>, queueResolver: callable|null, transactionManagerResolver?: callable|null}
     */
    public static function contentOf(Dispatcher $stock): array
    {
        return get_object_vars($stock); // @phpstan-ignore return.type (its properties have no types)
    }

    public function closureFor(mixed $listener, bool $wildcard): Closure
    {
        return $this->makeListener($listener, $wildcard); // @phpstan-ignore argument.type (it takes whatever was registered)
    }

    public static function registered(mixed $listener): mixed
    {
        return self::given($listener);
    }

    /**
     * Whether there is a public method or a macro of that name.
     */
    public static function knows(string $method): bool
    {
        return static::hasMacro($method)
            || (method_exists(LaravelCode::class, $method) && (new ReflectionMethod(LaravelCode::class, $method))->isPublic());
    }

    /**
     * @param  array<mixed>  $parameters
     */
    public function callFor(NativeDispatcher $dispatcher, string $method, array $parameters): mixed
    {
        if (! static::hasMacro($method)) {
            $result = $this->{$method}(...$parameters);

            return $result === $this ? $dispatcher : $result;
        }
        $macro = static::$macros[$method];
        $bound = $macro instanceof Closure ? $macro->bindTo($dispatcher, get_class($dispatcher)) : $macro;

        return is_callable($bound) ? $bound(...$parameters) : null;
    }
}
