<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\LaravelCode;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\Fixtures\Dispatching as On;
use Clairon\Laravel\Tests\Fixtures\Dispatching\Said;
use Clairon\Laravel\Tests\Support\AppFolder;
use Illuminate\Container\Container;
use Illuminate\Contracts\Broadcasting\Factory;
use Illuminate\Contracts\Events\Dispatcher as Contract;
use Illuminate\Events\CallQueuedListener;
use Illuminate\Events\Dispatcher;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use Random\Engine\Mt19937;
use Random\Randomizer;
use ReflectionFunction;
use Throwable;

use function Illuminate\Events\queueable;

/**
 * The same scenarios through Laravel's dispatcher and both of ours: results, order, exceptions.
 */
final class DispatcherTest extends TestCase
{
    private const SCENARIOS = 400;

    private const STEPS = 25;

    private const NAMES = ['a.b', 'a.c', 'b', '7', "a.\xff", "a.\nb", On\Plain::class, On\Child::class, On\Marked::class, On\Shouted::class, On\Committed::class];

    private const PATTERNS = ['*', 'a.*', '*b', 'Clairon*', 'a*b*'];

    public function testGeneratedScenariosAreTheSame(): void
    {
        // Laravel's patterns and odd listeners raise warnings.
        set_error_handler(static fn () => true);

        try {
            $this->compareScenarios();
        } finally {
            restore_error_handler();
        }
    }

    private function compareScenarios(): void
    {
        for ($seed = 1; $seed <= self::SCENARIOS; $seed++) {
            $stock = $this->scenario(Dispatcher::class, $seed);

            self::assertSame($stock, $this->scenario(NativeDispatcher::class, $seed), "native, seed {$seed}");
            self::assertSame($stock, $this->scenario(CompatibleDispatcher::class, $seed), "compatible, seed {$seed}");
        }
    }

    /**
     * @param  class-string<Contract>  $class
     * @return list<string> what happened
     */
    public function scenario(string $class, int $seed): array
    {
        $random = new Randomizer(new Mt19937($seed));
        $events = $this->dispatcher($class);
        $log = [];
        Said::$words = [];

        for ($step = 0; $step < self::STEPS; $step++) {
            try {
                $result = $this->step($events, $random, "{$seed}.{$step}");
            } catch (Throwable $e) {
                $result = get_class($e) . (str_starts_with($e->getMessage(), 'mine') ? $e->getMessage() : '');
            }
            $log[] = serialize($result) . ' ' . implode(' ', Said::$words);
            Said::$words = [];
        }

        return $log;
    }

    private function dispatcher(string $class): Contract
    {
        $container = new Container();
        $container->bind(On\Replaced::class, On\Replacement::class);
        $container->bind('alias', On\Invoked::class);
        $container->instance(Factory::class, new class() {
            public function queue($event): void
            {
                Said::$words[] = 'broadcast ' . get_class($event);
            }
        });
        $queue = new class() {
            public function connection($name)
            {
                return $this;
            }

            public function pushOn($queue, $job): void
            {
                Said::$words[] = $job instanceof CallQueuedListener ? "queued {$job->class}@{$job->method}" : get_class($job);
            }
        };
        $container->instance(\Illuminate\Contracts\Bus\Dispatcher::class, new class() {
            public function dispatch($job): void
            {
                Said::$words[] = 'bus ' . get_class($job);
            }
        });
        Container::setInstance($container);
        $transactions = new class() {
            public function addCallback($callback): void
            {
                Said::$words[] = 'committing';
                $callback();
            }
        };

        $container->instance('db.transactions', $transactions);
        $events = (new $class($container))->setQueueResolver(static fn () => $queue);

        return self::laravelHas('setTransactionManagerResolver')
            ? $events->setTransactionManagerResolver(static fn () => $transactions)
            : $events;
    }

    /**
     * Whether the installed version of Laravel's dispatcher has a method.
     */
    private static function laravelHas(string $method): bool
    {
        return method_exists(LaravelCode::class, $method);
    }

    private function step(Contract $events, Randomizer $random, string $id): mixed
    {
        $name = self::pick($random, self::NAMES);
        $any = self::pick($random, [$name, self::pick($random, self::PATTERNS)]);

        switch ($random->getInt(0, 16)) {
            case 0:
                return $events->forget($any);
            case 1:
                $events->push($name, ['pushed']);

                return $events->flush(self::pick($random, self::NAMES));
            case 2:
                return $random->getInt(0, 3) === 0 ? $events->forgetPushed() : $events->subscribe(self::pick($random, [On\Subscriber::class, new On\Subscriber()]));
            case 3:
                return [$events->hasListeners($name), $events->hasWildcardListeners($name), self::laravelHas('getRawListeners') ? count($events->getRawListeners()) : 0];
            case 4:
                return array_map($this->describe(...), $events->getListeners($name));
            case 5:
                return ! self::laravelHas('defer') ? null : $events->defer(fn () => [$this->fire($events, $random), $this->fire($events, $random)], self::pick($random, [null, [$name]]));
            case 6:
            case 7:
            case 8:
            case 9:
            case 10:
                return $events->listen(self::pick($random, [$any, [$any, $name]]), $this->listener($events, $random, $id));
            case 11:
                return get_debug_type($events->listen(self::pick($random, [
                    function (On\Plain|On\Child $event) use ($id) { Said::that("typed {$id}", [$event]); },
                    function (On\Marked $event) use ($id) { Said::that("marked {$id}", [$event]); },
                    function ($untyped) {},
                    function () {},
                    queueable(function (On\Plain $event) {}),
                ])));
            default:
                return $this->fire($events, $random);
        }
    }

    private function fire(Contract $events, Randomizer $random): mixed
    {
        $event = self::pick($random, [
            self::pick($random, self::NAMES), self::pick($random, self::NAMES),
            new On\Plain(), new On\Child(), new On\Shouted(), new On\Shouted(false), new On\Committed(),
        ]);
        $payload = self::pick($random, [[], null, 'one', 0, [1, 'key' => 2], [[3]], new On\Plain(), [new On\Shouted()], [null, new On\Child()]]);

        return match ($random->getInt(0, 3)) {
            0 => $events->until($event, $payload),
            1 => $events->dispatch(event: $event, payload: $payload, halt: true),
            default => $events->dispatch($event, $payload),
        };
    }

    private function listener(Contract $events, Randomizer $random, string $id): mixed
    {
        $result = self::pick($random, [null, null, null, 1, '', [], false]);

        return self::pick($random, [
            function (...$arguments) use ($id, $result) { Said::that($id, $arguments); return $result; },
            function (...$arguments) use ($id, $result) { Said::that($id, $arguments); return $result; },
            function (&...$arguments) use ($id) { Said::that("by reference {$id}", $arguments); $arguments[0] = $id; },
            function ($required) use ($id) { Said::that("one {$id}", [$required]); },
            function () { throw new \LogicException('mine'); },
            function () use ($events, $id) { $events->listen('a.b', function () use ($id) { Said::$words[] = "added by {$id}"; }); },
            function () use ($events) { $events->forget('a.b'); $events->forget('a.*'); },
            function () use ($events, $id) { static $deep = 0; return $deep++ < 2 ? $events->dispatch('b', $id) : null; },
            On\Handler::class, On\Handler::class . '@other', [On\Handler::class, 'other'], On\Handler::class . '@stops',
            On\Handler::class . '@hidden', On\Handler::class . '@missing', On\Replaced::class, On\Invoked::class, 'alias', 'No\Such',
            new On\Invoked(), [new On\Handler(), 'handle'], [new On\Handler(), 'missing'], [On\Handler::class], 5, null,
            On\AfterCommit::class, On\WithProperty::class, On\AfterCommit::class . '@creating', [On\WithProperty::class, 'deleting'], On\Queued::class, On\Queued::class . '@other',
            queueable(function () {}), 'strlen', On\Invoked::class . '@missing',
        ]);
    }

    /**
     * What EventFake and Telescope read of a listener.
     */
    private function describe(mixed $listener): string
    {
        $variables = (new ReflectionFunction($listener))->getStaticVariables();
        $given = $variables['listener'];

        return json_encode([is_object($given) ? get_class($given) : (is_array($given) ? count($given) : $given), $variables['wildcard']]);
    }

    private static function pick(Randomizer $random, array $from): mixed
    {
        return $from[$random->getInt(0, count($from) - 1)];
    }

    public function test_point_34_it_can_stand_for_laravels_class(): void
    {
        $command = [PHP_BINARY, '-d', 'extension=' . getenv('EXTENSION'), __DIR__ . '/Support/substituted.php', PHPUNIT_COMPOSER_INSTALL];
        exec(implode(' ', array_map(escapeshellarg(...), $command)) . ' 2>&1', $output);

        self::assertSame(['100 the same'], $output);
    }

    public static function ours(): array
    {
        return [[NativeDispatcher::class], [CompatibleDispatcher::class]];
    }

    #[DataProvider('ours')]
    public function testTheContainerIsAskedOnceForEachCallAndNotBefore(string $class): void
    {
        $container = new class() extends Container {
            public array $made = [];

            public function make($abstract, array $parameters = [])
            {
                $this->made[] = func_get_args();

                return parent::make($abstract, $parameters);
            }
        };
        $events = new $class($container);
        $events->listen('e', fn () => $container->made);
        $events->listen('e', On\Handler::class);
        $events->listen('e', fn () => count($container->made));
        $events->listen('e', On\Handler::class . '@stops');
        $events->listen('e', On\Replaced::class);

        self::assertSame([[], 'handled', 1], $events->dispatch('e'));
        self::assertSame([[On\Handler::class], [On\Handler::class]], $container->made);
    }

    #[DataProvider('ours')]
    public function testMacrosAndGarbage(string $class): void
    {
        $class::macro('twice', function ($event) {
            return [$this->dispatch($event), $this->dispatch($event)];
        });
        $events = new $class();
        $events->listen('e', fn () => 1);
        self::assertSame([[1], [1]], $events->twice('e'));
        $class::flushMacros();

        $events->listen('e', fn () => $events);
        $gone = \WeakReference::create($events);
        unset($events);
        gc_collect_cycles();
        self::assertNull($gone->get());
    }

    protected function tearDown(): void
    {
        Container::setInstance(null);
        Said::$words = [];
    }
}
