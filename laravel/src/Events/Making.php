<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Illuminate\Container\Container;
use Illuminate\Foundation\Application;
use ReflectionClass;

/**
 * When Laravel's container makes the object of a listener by `new` alone: nothing is registered for its
 * class, which asks for nothing itself. Clairon\Dispatcher then makes the object, and calls make() from
 * the moment on at which something is registered.
 *
 * @internal
 */
final class Making
{
    /** What tells so each time; see Clairon\Dispatcher::makeListenersWith(). */
    public const RULES = [
        'globalBeforeResolvingCallbacks' => 'empty',
        'globalResolvingCallbacks' => 'empty',
        'globalAfterResolvingCallbacks' => 'empty',
        'aliases' => 'lacks',
        'abstractAliases' => 'lacks',
        'instances' => 'lacks',
        'bindings' => 'lacks',
        'extenders' => 'lacks',
        'deferredServices' => 'lacks',
        'resolved' => 'holds',
        'contextual' => 'inner',
        'beforeResolvingCallbacks' => 'types',
        'resolvingCallbacks' => 'types',
        'afterResolvingCallbacks' => 'types',
    ];

    /** Properties without meaning for a class that has neither constructor parameters nor attributes. */
    private const OTHERS = [
        'instance', 'methodBindings', 'scopedInstances', 'tags', 'buildStack', 'with', 'contextualAttributes',
        'checkedForAttributeBindings', 'checkedForSingletonOrScopedAttributes', 'reboundCallbacks',
        'afterResolvingAttributeCallbacks', 'environmentResolver',
    ];

    private readonly bool $isKnown;

    /**
     * One of a class of its own may have another idea of making, and so may a later version of Laravel's, which
     * would keep it in a property.
     */
    public function __construct(?object $container)
    {
        $this->isKnown = $container !== null
            && in_array(get_class($container), [Container::class, Application::class], true)
            && $this->unknown() === [];
    }

    /**
     * @return array<string>
     */
    private function unknown(): array
    {
        $properties = array_map(static fn ($property) => $property->name, (new ReflectionClass(Container::class))->getProperties());

        return array_diff($properties, array_keys(self::RULES), self::OTHERS);
    }

    /**
     * @param  class-string  $class
     */
    public function isPlain(string $class): bool
    {
        if (! $this->isKnown) {
            return false;
        }
        $reflection = new ReflectionClass($class);
        $parameters = $reflection->getConstructor()?->getNumberOfParameters() ?? 0;

        return $reflection->isInstantiable() && $parameters === 0 && $this->saysNothing($reflection);
    }

    /**
     * No attributes, and no contracts with the container.
     *
     * @param  ReflectionClass<object>  $class
     */
    private function saysNothing(ReflectionClass $class): bool
    {
        foreach ($class->getInterfaceNames() as $interface) {
            if (str_starts_with($interface, 'Illuminate\Contracts\Container\\')) {
                return false;
            }
        }

        for ($of = $class; $of !== false; $of = $of->getParentClass()) {
            if ($of->getAttributes() !== []) {
                return false;
            }
        }

        return true;
    }
}
