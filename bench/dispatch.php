<?php

// SPDX-License-Identifier: MIT
//
// What dispatching an event costs, run by bench/subjects/dispatch.php:
//
//   dispatch.php AUTOLOAD ROUNDS BLOCKS     vendor/autoload.php with laravel/framework and symfony/event-dispatcher
//
// Every case runs in short blocks that take turns between the dispatchers, so that a busy machine
// slows all of them. A round's figure is the best of its blocks, in nanoseconds per dispatch: what the
// machine does beside only ever adds. Prints one JSON object. Class strings go through Laravel's container, a new object each time.

declare(strict_types=1);

use Clairon\Laravel\Events\CompatibleDispatcher;
use Clairon\Laravel\Events\NativeDispatcher;
use Illuminate\Container\Container;
use Illuminate\Events\Dispatcher as Illuminate;
use Symfony\Component\EventDispatcher\EventDispatcher as Symfony;

require $argv[1];

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
    'illuminate' => static fn () => new Illuminate(new Container()),
    'symfony' => static fn () => new Symfony(),
    'native' => static fn () => new NativeDispatcher(new Container()),
    'compatible' => static fn () => new CompatibleDispatcher(new Container()),
];
[$event, $rounds, $blocks] = [new Event(), (int) $argv[2], (int) $argv[3]];
$result = [];
foreach (cases() as $name => $listen) {
    $dispatchers = array_map(static fn ($make) => $make(), $made);
    array_map($listen, $dispatchers);
    for ($round = -1; $round < $rounds; $round++) {
        $times = [];
        for ($block = 0; $block < $blocks; $block++) {
            foreach ($dispatchers as $who => $dispatcher) {
                $times[$who][] = block($dispatcher, $event);
            }
        }
        foreach ($round < 0 ? [] : $times as $who => $each) {
            $result[$name][$who][] = min($each);
        }
    }
}
echo json_encode($result), "\n";
