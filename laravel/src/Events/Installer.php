<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Closure;
use Illuminate\Contracts\Foundation\Application;
use Illuminate\Database\Eloquent\Model;
use Illuminate\Events\Dispatcher;
use Illuminate\Routing\Router;
use Illuminate\Support\Facades\Facade;

/**
 * Puts a dispatcher in the place of Laravel's, where the application's configuration asks for it.
 */
final class Installer
{
    /**
     * Does nothing without the extension, for an unknown mode, or where the dispatcher is no longer
     * Laravel's own (a fake, another package's).
     */
    public static function install(Application $app, mixed $mode): void
    {
        if ($mode === null) {
            return;
        }

        $old = $app->make('events');

        if (! is_object($old) || get_class($old) !== Dispatcher::class || ! class_exists(\Clairon\Dispatcher::class, false)) {
            return;
        }

        $new = match ($mode) {
            'native' => NativeDispatcher::from($old),
            'compatible' => CompatibleDispatcher::from($old),
            default => null,
        };

        if ($new === null) {
            return;
        }

        $app->instance('events', $new);
        Facade::clearResolvedInstance('events');

        if (class_exists(Model::class) && Model::getEventDispatcher() === $old) {
            Model::setEventDispatcher($new);
        }
        $router = $app->resolved('router') ? $app->make('router') : null;

        if ($router instanceof Router) {
            // It got the old one by its constructor.
            Closure::bind(function () use ($new): void {
                $this->events = $new;
            }, $router, Router::class)();
        }
    }
}
