<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Closure;
use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\Fixtures\Making as On;
use Illuminate\Container\Container;
use Illuminate\Events\Dispatcher;
use Illuminate\Foundation\Application;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use ReflectionProperty;
use RuntimeException;

/**
 * Listeners that are made by `new` alone until something is registered for them: each way to register
 * something, beside Laravel's dispatcher.
 */
final class DispatcherMakingTest extends TestCase
{
    protected function tearDown(): void
    {
        On\Log::$words = [];
        Container::setInstance(null);
    }

    /**
     * @return array<string, array{Closure(Container): mixed}>
     */
    public static function changes(): array
    {
        $say = static fn (string $what) => static function () use ($what): void {
            On\Log::$words[] = $what;
        };

        return array_map(static fn (Closure $change) => [$change], [
            'bind' => static fn ($c) => $c->bind(On\Plain::class, On\Other::class),
            'bind a closure' => static fn ($c) => $c->bind(On\Plain::class, static fn () => new On\Other()),
            'bindIf' => static fn ($c) => $c->bindIf(On\Plain::class, On\Other::class),
            'singleton' => static fn ($c) => $c->singleton(On\Plain::class),
            'scoped' => static fn ($c) => $c->scoped(On\Plain::class),
            'instance' => static fn ($c) => $c->instance(On\Plain::class, new On\Other()),
            'alias' => static fn ($c) => $c->alias(On\Other::class, On\Plain::class),
            'alias of it' => static fn ($c) => $c->alias(On\Plain::class, 'plain'),
            'extend' => static fn ($c) => $c->extend(On\Plain::class, static fn () => new On\Other()),
            'beforeResolving' => static fn ($c) => $c->beforeResolving(On\Plain::class, $say('before')),
            'beforeResolving a parent' => static fn ($c) => $c->beforeResolving(On\Base::class, $say('before')),
            'beforeResolving all' => static fn ($c) => $c->beforeResolving($say('before')),
            'resolving' => static fn ($c) => $c->resolving(On\Plain::class, $say('resolving')),
            'resolving a parent' => static fn ($c) => $c->resolving(On\Base::class, $say('resolving')),
            'resolving an interface' => static fn ($c) => $c->resolving(On\Marked::class, $say('resolving')),
            'resolving all' => static fn ($c) => $c->resolving($say('resolving')),
            'resolving what is none of it' => static fn ($c) => $c->resolving(On\Other::class, $say('resolving')),
            'resolving what is loaded later' => static function ($c) use ($say): void {
                $alias = 'Clairon\Laravel\Tests\Fixtures\Making\Later' . spl_object_id($c) . random_int(1, PHP_INT_MAX);
                $c->resolving($alias, $say('resolving'));
                On\Log::$step = static fn () => class_alias(On\Base::class, $alias);
            },
            'afterResolving' => static fn ($c) => $c->afterResolving(On\Plain::class, $say('after')),
            'afterResolving a parent' => static fn ($c) => $c->afterResolving(On\Base::class, $say('after')),
            'afterResolving all' => static fn ($c) => $c->afterResolving($say('after')),
            'contextual, while that is built' => static function ($c): void {
                $c->when(On\Context::class)->needs(On\Plain::class)->give(On\Other::class);
                On\Log::$step = static fn () => $c->make(On\Context::class);
            },
            'contextual, by an alias' => static function ($c): void {
                $c->when(On\Context::class)->needs('plain')->give(On\Other::class);
                $c->alias(On\Plain::class, 'plain');
                On\Log::$step = static fn () => $c->make(On\Context::class);
            },
            'flush' => static fn ($c) => $c->flush(),
            'unset' => static function ($c): void {
                unset($c[On\Plain::class]);
            },
            'nothing' => static fn () => null,
        ]);
    }

    /**
     * @return array<mixed> everything that is seen when it is dispatched before and after the change
     */
    private static function seen(Dispatcher|NativeDispatcher $events, Container $container, Closure $change): array
    {
        On\Log::$words = [];
        On\Log::$step = null;
        On\Log::$events = $events;
        $events->listen('a', On\Plain::class);
        $events->listen('a', [On\Plain::class, 'also']);
        $dispatch = static function () use ($events): void {
            $results = $events->dispatch('a', ['x']);
            On\Log::$words[] = array_map('get_class', $results);
            On\Log::$words[] = count(array_unique(array_map('spl_object_id', $results)));
        };
        $dispatch();
        $dispatch();
        $change($container);
        $dispatch();

        if (On\Log::$step !== null) {
            (On\Log::$step)();
            $dispatch();
        }
        On\Log::$words[] = $container->resolved(On\Plain::class);

        return On\Log::$words;
    }

    #[DataProvider('changes')]
    public function test_what_is_registered_later_counts_at_once(Closure $change): void
    {
        foreach ([static fn () => new Container(), static fn () => new Application()] as $new) {
            $expected = self::seen(new Dispatcher($stock = $new()), $stock, $change);

            foreach ([NativeDispatcher::class, CompatibleDispatcher::class] as $class) {
                $container = $new();
                self::assertSame($expected, self::seen(new $class($container), $container, $change), $class);
            }
        }
    }

    /**
     * @return list<array{class-string}>
     */
    public static function classes(): array
    {
        return [[On\Plain::class], [On\Needing::class], [On\Optional::class], [On\Attributed::class], [On\Failing::class], [On\Hidden::class]];
    }

    #[DataProvider('classes')]
    public function test_every_kind_of_class_is_made_as_by_the_container(string $listener): void
    {
        $seen = [];

        foreach ([Dispatcher::class, NativeDispatcher::class, CompatibleDispatcher::class] as $class) {
            On\Log::$words = [];
            $events = new $class(new Container());
            $events->listen('a', [$listener, 'also']);

            for ($i = 0; $i < 3; $i++) {
                try {
                    $events->dispatch('a', ['x']);
                } catch (RuntimeException | \Illuminate\Contracts\Container\BindingResolutionException $e) {
                    On\Log::$words[] = get_class($e) . $e->getMessage();
                }
            }
            $seen[] = On\Log::$words;
        }
        self::assertNotSame([], $seen[0]);
        self::assertSame($seen[0], $seen[1]);
        self::assertSame($seen[0], $seen[2]);
    }

    public function test_a_plain_one_is_made_without_the_container(): void
    {
        foreach ([NativeDispatcher::class, CompatibleDispatcher::class] as $class) {
            $container = new Container();
            $events = new $class($container);
            $events->listen('a', On\Plain::class);
            $events->dispatch('a', ['x']);

            // Nobody registers anything in this way: the container has no say any more.
            $with = new ReflectionProperty(Container::class, 'with');
            $with->setValue($container, null);
            $events->dispatch('a', ['x']);
            self::assertCount(2, array_keys(On\Log::$words, 'new ' . On\Plain::class), $class);
            On\Log::$words = [];
        }
    }

    public function test_a_container_of_another_class_is_always_asked(): void
    {
        foreach ([NativeDispatcher::class, CompatibleDispatcher::class] as $class) {
            $container = new class () extends Container {
                public int $asked = 0;

                public function make($abstract, array $parameters = [])
                {
                    $this->asked++;

                    return parent::make($abstract, $parameters);
                }
            };
            $events = new $class($container);
            $events->listen('a', On\Plain::class);
            $events->dispatch('a', ['x']);
            $events->dispatch('a', ['x']);
            self::assertSame(2, $container->asked, $class);
        }
    }
}
