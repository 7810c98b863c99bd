<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Clairon\Dispatcher;
use Psr\EventDispatcher\EventDispatcherInterface;
use Psr\EventDispatcher\ListenerProviderInterface;
use Psr\EventDispatcher\StoppableEventInterface;

/**
 * PSR-14 over Clairon\Dispatcher; needs psr/event-dispatcher and nothing of Laravel.
 *
 * A listener gets the event alone and what it returns is ignored. As PSR-14 demands, listeners of parent
 * classes are called, too: those of the class first, of its parents from near to far, of its interfaces
 * at last; by priority within each of these. Patterns are not for events of PSR-14.
 */
final class PsrDispatcher implements EventDispatcherInterface, ListenerProviderInterface
{
    /** @var array<string, Dispatcher> listeners of one class or interface each */
    private array $types = [];

    /**
     * @param  class-string  $type  of events; all that are instances of it
     * @param  callable(object): mixed  $listener
     * @param  int  $priority  higher ones are called first
     */
    public function listen(string $type, callable $listener, int $priority = 0): void
    {
        $key = strtolower(ltrim($type, '\\'));
        $this->types[$key] ??= new Dispatcher();
        $this->types[$key]->listen('event', $listener, $priority);
    }

    public function dispatch(object $event): object
    {
        $stoppable = $event instanceof StoppableEventInterface;

        foreach ($this->getListenersForEvent($event) as $listener) {
            if ($stoppable && $event->isPropagationStopped()) {
                break;
            }
            $listener($event);
        }

        return $event;
    }

    /**
     * @return list<callable>
     */
    public function getListenersForEvent(object $event): iterable
    {
        $listeners = [];

        foreach ([get_class($event), ...array_values(class_parents($event)), ...array_values(class_implements($event))] as $type) {
            if (isset($this->types[$key = strtolower($type)])) {
                array_push($listeners, ...$this->types[$key]->getListeners('event'));
            }
        }

        return $listeners; // @phpstan-ignore return.type (listen() took only callables)
    }
}
