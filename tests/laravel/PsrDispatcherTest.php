<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Events\PsrDispatcher;
use Clairon\Laravel\Tests\Fixtures\Dispatching as On;
use LogicException;
use PHPUnit\Framework\TestCase;
use Psr\EventDispatcher\EventDispatcherInterface;
use Psr\EventDispatcher\ListenerProviderInterface;
use Psr\EventDispatcher\StoppableEventInterface;

final class PsrDispatcherTest extends TestCase
{
    public function testParentsInterfacesAndPriorities(): void
    {
        $events = new PsrDispatcher();
        $said = [];
        $say = static function (string $word) use (&$said): callable {
            return static function (object $event) use (&$said, $word): bool {
                $said[] = $word;

                return false; // ignored
            };
        };
        $events->listen(On\Marked::class, $say('interface'));
        $events->listen(On\Plain::class, $say('parent'));
        $events->listen(On\Child::class, $say('own'));
        $events->listen('\\' . strtoupper(On\Child::class), $say('first'), 10);
        $events->listen(On\Shouted::class, $say('other'));

        $event = new On\Child();
        self::assertSame($event, $events->dispatch($event));
        self::assertSame(['first', 'own', 'parent', 'interface'], $said);
        self::assertCount(4, [...$events->getListenersForEvent($event)]);
        self::assertSame([], $events->getListenersForEvent(new On\Committed()));
        self::assertInstanceOf(EventDispatcherInterface::class, $events);
        self::assertInstanceOf(ListenerProviderInterface::class, $events);
    }

    public function testStoppedEventsAndExceptionsStop(): void
    {
        $event = new class() implements StoppableEventInterface {
            public int $seen = 0;

            public function isPropagationStopped(): bool
            {
                return $this->seen >= 2;
            }
        };
        $events = new PsrDispatcher();
        for ($i = 0; $i < 4; $i++) {
            $events->listen($event::class, static fn (object $event) => $event->seen++);
        }
        self::assertSame(2, $events->dispatch($event)->seen);
        self::assertSame(2, $events->dispatch($event)->seen);

        $events->listen(On\Plain::class, static fn () => throw new LogicException('mine'));
        $events->listen(On\Plain::class, static fn () => self::fail('called after an exception'));
        $this->expectExceptionMessage('mine');
        $events->dispatch(new On\Plain());
    }

    public function testWhatCantBeCalledIsRefused(): void
    {
        $this->expectException(\TypeError::class);
        (new PsrDispatcher())->listen(On\Plain::class, 'No\Such');
    }
}
