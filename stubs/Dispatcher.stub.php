<?php

/** @generate-class-entries */

namespace Clairon;

/**
 * Calls listeners for events, with the rules of Illuminate\Events\Dispatcher (Laravel docs, "Events").
 * It needs no framework; what a framework adds is done by a subclass through the protected methods.
 *
 * An event is an object (its name is its class) or a string. Order: listeners of that name, then those
 * whose pattern matches it, then those of each interface of the class. Parent classes don't count.
 * The list is fixed when the event is dispatched: what listeners add or forget shows the next time.
 *
 * Objects can't be cloned or serialized.
 *
 * @not-serializable
 */
class Dispatcher
{
    /**
     * Registers a listener. A name with a "*" is a pattern: "*" stands for any characters.
     * Listeners of a name get the payload's values as arguments, those of a pattern the name and the
     * payload as an array.
     *
     * @param string|array $events one name or several
     * @param callable $listener
     * @param int $priority higher ones are called first; equal ones in the order of registration
     *
     * @return mixed nothing; frameworks return what theirs returns
     *
     * @throws \TypeError for a listener that can't be called or a name that is no string
     */
    public function listen($events, $listener = null, $priority = 0) {}

    /**
     * Calls the listeners of an event. A listener that returns false stops it; its false is not among
     * the results. An exception stops it too and reaches the caller.
     *
     * @param object|string $event
     * @param mixed $payload for names: an array of arguments, or one argument; ignored for objects
     * @param bool $halt ends with the first result that is not null and returns that
     *
     * @return array|mixed|null the listeners' results; with $halt one result or null
     *
     * @throws \TypeError for an event that is neither an object nor a string
     */
    public function dispatch($event, $payload = [], $halt = false) {}

    /**
     * dispatch() with $halt: the first result that is not null, or null.
     *
     * @param object|string $event
     * @param mixed $payload
     *
     * @return mixed
     *
     * @throws \TypeError
     */
    public function until($event, $payload = []) {}

    /**
     * Whether there are listeners of this name or patterns that match it. Interfaces don't count.
     *
     * @param string $eventName
     *
     * @return bool
     */
    public function hasListeners($eventName) {}

    /**
     * Whether a pattern with listeners matches this name.
     *
     * @param string $eventName
     *
     * @return bool
     */
    public function hasWildcardListeners($eventName) {}

    /**
     * The listeners that dispatch() would call, in its order.
     *
     * @param string $eventName
     *
     * @return array
     */
    public function getListeners($eventName) {}

    /**
     * The listeners of names, not of patterns, as they were given.
     *
     * @return array<string, list<mixed>>
     */
    public function getRawListeners() {}

    /**
     * Removes the listeners of one name or one pattern; patterns aren't matched.
     *
     * @param string $event
     *
     * @return mixed nothing
     */
    public function forget($event) {}

    /**
     * For frameworks: the listeners of a name, each with whether it was registered by a pattern. A
     * subclass that overrides it may keep the listeners itself; what it returns is kept until
     * forgetPrepared(). Instead of whether, null says: a closure to be called with the name and the
     * payload.
     *
     * @param string $eventName
     *
     * @return list<array{mixed, bool|null}>
     */
    protected function findListeners($eventName) {}

    /**
     * For frameworks: what findListeners() returned is no longer true.
     */
    protected function forgetPrepared(): void {}

    /**
     * For frameworks: called once for a listener that is a string, begins with one (["Class", "method"])
     * or can't be called. A subclass that overrides it accepts any listener.
     *
     * @param mixed $listener
     * @param bool $wildcard
     *
     * @return \Closure|array{0: string, 1: string, 2?: bool} a closure that gets the name and the payload, or a class
     *     that makeListenersWith()'s container makes for every event, its method, and whether `new` without
     *     arguments is all that it does for this class by itself
     *
     * @throws \TypeError here
     */
    protected function prepareListener($listener, $wildcard) {}

    /**
     * For frameworks: $container->make($class) makes the object of a class listener each time it is called.
     *
     * @param object $container
     * @param array $apart names of classes: listeners that are instances of these, or have a property "afterCommit",
     *     are called by callMadeListener()
     * @param array $plain properties of the container, by which is seen that make() would do no more
     *     than `new` where prepareListener() said so, and a rule for each: "empty"; "lacks" or "holds" (the class is
     *     no key, or one); "types" (no key is the class or a type of it); "inner" (the class is no key of the arrays in
     *     it). Without any, make() is always called
     *
     * @throws \TypeError for a container without a public make()
     * @throws \ValueError for another rule
     */
    protected function makeListenersWith($container, array $apart, array $plain = []): void {}

    /**
     * For frameworks: calls what the container made, where that is no plain public method.
     *
     * @param mixed $listener
     * @param string $method
     * @param string $event
     * @param array $payload
     * @param bool $wildcard
     *
     * @return mixed
     *
     * @throws \TypeError here
     */
    protected function callMadeListener($listener, $method, $event, $payload, $wildcard) {}

    /**
     * For frameworks: whether the "*" of a pattern ends at a line's end, and "*" alone matches only what is
     * UTF-8.
     */
    protected function matchWithinLines(bool $on): void {}

    /**
     * For frameworks: events (or first values of payloads) that are instances of these go to
     * intercepted() instead of the listeners. Before this is called all events do, in a subclass that
     * overrides intercepted().
     *
     * @param array $classes names of classes
     */
    protected function intercept(array $classes): void {}

    /**
     * For frameworks: all events go to intercepted().
     */
    protected function interceptAll(bool $on): void {}

    /**
     * For frameworks: what happens to such events. Here: invokeListeners().
     *
     * @param object|string $event
     * @param mixed $payload
     * @param bool $halt
     *
     * @return mixed
     */
    protected function intercepted($event, $payload, $halt) {}

    /**
     * For frameworks: dispatch() without interception.
     *
     * @param object|string $event
     * @param mixed $payload
     * @param bool $halt
     *
     * @return mixed
     */
    protected function invokeListeners($event, $payload, $halt = false) {}
}
