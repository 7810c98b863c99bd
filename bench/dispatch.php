<?php

// SPDX-License-Identifier: MIT
//
// What dispatching an event costs, run by bench/dispatch:
//
//   dispatch.php AUTOLOAD     vendor/autoload.php with laravel/framework and symfony/event-dispatcher
//
// Every case runs in short blocks that take turns between the dispatchers, so that a busy machine
// slows all of them. A figure is the best of the blocks, in nanoseconds per dispatch: what the machine
// does beside only ever adds. Class strings go through Laravel's container, a new object each time.

declare(strict_types=1);

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\NativeDispatcher;
use Illuminate\Container\Container;
use Illuminate\Events\Dispatcher as Illuminate;
use Symfony\Component\EventDispatcher\EventDispatcher as Symfony;

require $argv[1];

const BLOCKS = 200;
const CALLS = 200;

final class Event
{
}

final class Handler
{
    public function handle(object $event): void
    {
    }
}

/** @return array<string, Closure(object): void> what registers the listeners of a case */
function cases(): array
{
    $closures = static function (int $count): Closure {
        return static function (object $to) use ($count): void {
            for ($i = 0; $i < $count; $i++) {
                $listener = static function (object $event): void {
                };
                $to instanceof Symfony ? $to->addListener(Event::class, $listener) : $to->listen(Event::class, $listener);
            }
        };
    };

    return [
        'no listener' => static fn () => null,
        'wildcard that misses' => static fn ($to) => $to instanceof Symfony ? null : $to->listen('other.*', static fn () => null),
        '1 closure' => $closures(1),
        '10 closures' => $closures(10),
        '1 class string' => static fn ($to) => $to instanceof Symfony ? null : $to->listen(Event::class, Handler::class),
        '10 class strings' => static function ($to): void {
            for ($i = 0; $i < 10 && ! $to instanceof Symfony; $i++) {
                $to->listen(Event::class, Handler::class);
            }
        },
    ];
}

function block(object $dispatcher, object $event): float
{
    $start = hrtime(true);
    for ($i = 0; $i < CALLS; $i++) {
        $dispatcher->dispatch($event);
    }

    return (hrtime(true) - $start) / CALLS;
}

$made = [
    'Illuminate' => static fn () => new Illuminate(new Container()),
    'Symfony' => static fn () => new Symfony(),
    'native' => static fn () => new NativeDispatcher(new Container()),
    'compatible' => static fn () => new CompatibleDispatcher(new Container()),
];
printf("%-22s %10s %10s %10s %10s   %s\n", 'ns per dispatch', ...[...array_keys($made), 'Illuminate/native, /compatible; Symfony/native']);
$event = new Event();

foreach (cases() as $name => $listen) {
    $dispatchers = array_map(static fn ($make) => $make(), $made);
    array_map($listen, $dispatchers);
    $times = [];
    for ($block = -3; $block < BLOCKS; $block++) {
        foreach ($dispatchers as $who => $dispatcher) {
            $time = block($dispatcher, $event);
            if ($block >= 0) {
                $times[$who][] = $time;
            }
        }
    }
    $ns = array_map(min(...), $times);
    $symfony = ! str_contains($name, 'class') && ! str_contains($name, 'wildcard');
    printf("%-22s %10.0f %10s %10.0f %10.0f   %.1f, %.1f; %s\n", $name, $ns['Illuminate'], $symfony ? sprintf('%.0f', $ns['Symfony']) : '-',
        $ns['native'], $ns['compatible'], $ns['Illuminate'] / $ns['native'], $ns['Illuminate'] / $ns['compatible'],
        $symfony ? sprintf('%.1f', $ns['Symfony'] / $ns['native']) : '-');
}
