<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Illuminate\Events\Dispatcher;

/**
 * Laravel's own code for what NativeDispatcher leaves to it: listeners that are queued or wait for a
 * commit, and the closures that show listeners to others. No event is dispatched through it.
 *
 * @internal
 */
final class Stock extends LaravelCode
{
    use PreparesListeners;

    /**
     * @return array<string, mixed> of a dispatcher: listeners, wildcards, container and resolvers
     */
    public static function contentOf(Dispatcher $stock): array
    {
        return get_object_vars($stock);
    }
}
