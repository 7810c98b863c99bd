<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\LaravelCode;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\Fixtures\Dispatching as On;
use Clairon\Laravel\Tests\Fixtures\Dispatching\Said;
use Illuminate\Container\Container;
use Illuminate\Events\Dispatcher;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use ReflectionClass;
use WeakReference;

/**
 * Both dispatchers with classes below them, without a constructor, with Laravel's macros.
 */
final class DispatcherSubclassTest extends TestCase
{
    protected function tearDown(): void
    {
        Dispatcher::flushMacros();
        NativeDispatcher::flushMacros();
        Said::$words = [];
    }

    public static function ours(): array
    {
        return [[NativeDispatcher::class], [CompatibleDispatcher::class]];
    }

    /**
     * As Mockery makes partial mocks.
     */
    #[DataProvider('ours')]
    public function test_point_37_an_object_whose_constructor_never_ran(string $class): void
    {
        $events = (new ReflectionClass($class))->newInstanceWithoutConstructor();
        $events->listen('a', fn (...$values) => $values);
        $events->listen('a*', fn ($name) => $name);

        self::assertSame([[1], 'a'], $events->dispatch('a', [1]));
        self::assertSame([1], $events->until('a', 1));
        self::assertCount(2, $events->getListeners('a'));
        $events->forget('a');
        self::assertSame(['a'], $events->dispatch('a'));
    }

    #[DataProvider('ours')]
    public function test_point_37_a_mock_of_every_method_that_calls_the_parents(string $class): void
    {
        $path = 'Mocked' . (new ReflectionClass($class))->getShortName();
        $methods = '';
        foreach ((new ReflectionClass($class))->getMethods() as $method) {
            if (! $method->isPrivate() && ! $method->isStatic() && ! $method->isFinal() && ! $method->isConstructor() && $method->name[0] !== '_') {
                $types = array_map(static fn ($p) => ($p->getType() ?? '') . ($p->isPassedByReference() ? ' &' : ' ') . ($p->isVariadic() ? '...' : '') . "\${$p->name}" . ($p->isDefaultValueAvailable() ? ' = ' . var_export($p->getDefaultValue(), true) : ''), $method->getParameters());
                $type = (string) $method->getReturnType();
                $methods .= ($method->isPublic() ? 'public' : 'protected') . " function {$method->name}(" . implode(', ', $types) . ')' . ($type === '' ? '' : ": {$type}")
                    . ' { ' . ($type === 'void' ? '' : 'return ') . "parent::{$method->name}(...func_get_args()); }\n";
            }
        }
        eval("class {$path} extends {$class} {\n{$methods}}");

        $events = (new ReflectionClass($path))->newInstanceWithoutConstructor();
        $events->listen('a', fn (...$values) => $values);
        $events->listen(On\Marked::class, fn () => 'interface');
        self::assertSame([[1]], $events->dispatch('a', [1]));
        self::assertSame(['interface'], $events->dispatch(new On\Child()));

        $events = new $path(new Container());
        $events->listen('b', On\Handler::class);
        $events->push('b');
        $events->flush('b');
        self::assertSame(['handled'], $events->dispatch('b', ['x']));
    }

    #[DataProvider('ours')]
    public function test_point_37_broadcast_methods_may_be_replaced(string $class): void
    {
        foreach ([new $class(), (new ReflectionClass($class))->newInstanceWithoutConstructor()] as $plain) {
            $events = $this->getMockBuilder(get_class($plain))->disableOriginalConstructor()->onlyMethods(['broadcastEvent', 'broadcastWhen'])->getMock();
            $events->method('broadcastWhen')->willReturn(true);
            $events->expects($this->once())->method('broadcastEvent')->with($this->isInstanceOf(On\Shouted::class));
            $events->listen(On\Shouted::class, fn () => 1);
            self::assertSame([1], $events->dispatch(new On\Shouted(false)));
        }
    }

    #[DataProvider('ours')]
    public function test_point_37_dispatch_may_be_replaced(string $class): void
    {
        $events = $this->getMockBuilder($class)->disableOriginalConstructor()->onlyMethods(['dispatch'])->getMock();
        $events->expects($this->exactly(2))->method('dispatch')->willReturnMap([['a', [], true, 'first'], ['a_pushed', [], false, []]]);

        self::assertSame('first', $events->until('a'));
        $events->push('a');
        $events->flush('a');
    }

    /**
     * An object of a class below one of ours, with these methods.
     */
    private static function below(string $class, string $methods): object
    {
        return eval("return new class extends \\{$class} { {$methods} };");
    }

    #[DataProvider('ours')]
    public function testHowListenersAreFoundMayBeReplaced(string $class): void
    {
        $events = self::below($class, 'public function getListeners($eventName)
        {
            return [fn ($name, $payload) => "own {$name}", ...parent::getListeners($eventName)];
        }');
        $events->listen('a', fn () => 2);
        $events->listen(On\Plain::class, fn (On\Plain $event) => 3);
        self::assertSame(['own a', 2], $events->dispatch('a'));
        self::assertSame('own a', $events->until('a'));
        self::assertSame(['own ' . On\Plain::class, 3], $events->dispatch(new On\Plain()));
    }

    #[DataProvider('ours')]
    public function testHowListenersAreMadeMayBeReplaced(string $class): void
    {
        $around = '{ $made = parent::METHOD($listener, $wildcard); return fn ($event, $payload) => ["around", $made($event, $payload)]; }';
        $events = self::below($class, 'public function makeListener($listener, $wildcard = false)' . str_replace('METHOD', 'makeListener', $around));
        $events->listen('a', fn () => 2);
        $events->listen('*', fn ($name) => $name);
        self::assertSame([['around', 2], ['around', 'a']], $events->dispatch('a'));

        $events = self::below($class, 'public function createClassListener($listener, $wildcard = false)' . str_replace('METHOD', 'createClassListener', $around));
        $events->listen('a', fn () => 2);
        $events->listen('a', On\Handler::class);
        self::assertSame([2, ['around', 'handled']], $events->dispatch('a', ['x']));
    }

    #[DataProvider('ours')]
    public function testListenersOfAReplacedWayHaltAndStop(string $class): void
    {
        $events = self::below($class, 'public function makeListener($listener, $wildcard = false) { return parent::makeListener($listener, $wildcard); }');
        $events->listen('a', fn () => null);
        $events->listen('a', fn ($value) => $value);
        $events->listen('a', fn () => false);
        $events->listen('a', fn () => 'never');
        self::assertSame([null, 1], $events->dispatch('a', [1]));
        self::assertSame(1, $events->until('a', 1));
        self::assertNull($events->until('b'));
        self::assertSame([], $events->dispatch('b'));

        if (method_exists(LaravelCode::class, 'defer')) {
            $events->defer(function () use ($events): void {
                self::assertNull($events->dispatch('a', [1]));
            });
            self::assertSame([null, 2], $events->dispatch('a', [2]), 'also after defer()');
        }
    }

    #[DataProvider('ours')]
    public function testHowListenersAreQueuedMayBeReplaced(string $class): void
    {
        $events = self::below($class, 'public array $queued = [];
            protected function queueHandler($class, $method, $arguments) { $this->queued[] = [$class, $method, $arguments]; }');
        $events->listen('a', On\Queued::class);
        $events->dispatch('a', [1]);
        self::assertSame([[On\Queued::class, 'handle', [1]]], $events->queued);

        $gone = WeakReference::create($events);
        unset($events);
        $class === NativeDispatcher::class || gc_collect_cycles();
        self::assertTrue($gone->get() === null, 'native makes no cycle');
    }

    #[DataProvider('ours')]
    public function testHowListenersAreCalledMayBeReplaced(string $class): void
    {
        if (! method_exists(LaravelCode::class, 'invokeListeners')) {
            self::assertFalse(method_exists(Dispatcher::class, 'defer'), 'Laravel is older than 10.30');

            return;
        }
        $events = self::below($class, 'public array $seen = [];
            protected function invokeListeners($event, $payload, $halt = false)
            {
                $this->seen[] = [$event, $payload];

                return parent::invokeListeners($event, $payload, $halt);
            }');
        $events->listen('a', fn () => 2);
        self::assertSame([2], $events->dispatch('a', 'x'));
        self::assertSame([['a', ['x']]], $events->seen);
    }

    #[DataProvider('ours')]
    public function testWhatIsBroadcastMayBeReplaced(string $class): void
    {
        $events = self::below($class, 'public array $sent = [];
            protected function shouldBroadcast(array $payload) { return $payload !== []; }
            protected function broadcastEvent($event) { $this->sent[] = $event; }');
        self::assertSame([], $events->dispatch('a', ['x']));
        self::assertSame([], $events->dispatch('a'));
        self::assertSame(['x'], $events->sent);
    }

    public function testACompatibleOneIsClonedWithItsListeners(): void
    {
        $events = new CompatibleDispatcher();
        $events->listen('a', fn () => 1);
        $events->dispatch('a');
        $other = clone $events;
        $other->listen('a', fn () => 2);

        self::assertSame([1], $events->dispatch('a'));
        self::assertSame([1, 2], $other->dispatch('a'));
    }

    #[DataProvider('ours')]
    public function testMacrosOfLaravelsClass(string $class): void
    {
        Dispatcher::macro('both', function ($event) {
            return [get_class($this), $this->dispatch($event)];
        });
        $events = new $class();
        $events->listen('a', fn () => 1);
        self::assertSame([$class, [1]], $events->both('a'));

        $events->macro('own', fn () => $this->hasListeners('a'));
        self::assertTrue($events->own());

        $this->expectException(\BadMethodCallException::class);
        $events->noMacro();
    }

    #[DataProvider('ours')]
    public function testWhatOnlyNewVersionsHave(string $class): void
    {
        $events = new $class();

        if (! method_exists(LaravelCode::class, 'resolveQueueFromQueueRoute')) {
            $this->expectException(\BadMethodCallException::class);
        }
        self::assertNull($events->resolveQueueFromQueueRoute(new On\Plain()));
    }

    #[DataProvider('ours')]
    public function testListenersOfAStockDispatcherAreTakenOver(string $class): void
    {
        $stock = (new Dispatcher())->setQueueResolver(fn () => null);
        $stock->listen('a', On\Handler::class);
        $stock->listen('a', [On\Handler::class, 'other']);
        $stock->listen('a', fn ($value) => "a {$value}");
        $stock->listen('*', fn ($name) => "any {$name}");
        $stock->listen('a', $invoked = new On\Invoked());
        $stock->push('p', ['pushed']);
        $stock->listen('p', fn ($value) => Said::$words[] = $value);

        $events = $class::from($stock);
        self::assertSame($stock->dispatch('a', ['x']), $events->dispatch('a', ['x']));

        $listeners = array_map(static fn ($one) => (new \ReflectionFunction($one))->getStaticVariables()['listener'], $events->getListeners('a'));
        self::assertSame([On\Handler::class, [On\Handler::class, 'other']], array_slice($listeners, 0, 2));
        self::assertSame($invoked, $listeners[3]);

        Said::$words = [];
        $events->flush('p');
        self::assertSame(['pushed'], Said::$words, 'what was pushed to the stock one goes to its listeners');
    }
}
