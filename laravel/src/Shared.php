<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel;

use Illuminate\Container\Container;

/**
 * What make() would return, where that is an object which the container holds already: make() asks
 * for aliases, callbacks and contextual bindings first, at the price of a third of a broadcast.
 *
 * It extends the container only to be allowed to look.
 */
abstract class Shared extends Container
{
    /**
     * Null: it was never made, so nobody uses it.
     */
    public static function find(object $app, string $abstract): mixed
    {
        if (! $app instanceof Container) {
            return null;
        }

        if (isset($app->aliases[$abstract])) {
            return $app->bound($abstract) ? $app->make($abstract) : null;
        }

        return $app->instances[$abstract] ?? (isset($app->resolved[$abstract]) ? $app->make($abstract) : null);
    }
}
