<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Illuminate\Container\Container;

/**
 * What a model's listener does before the model is saved. Since 12.54 Laravel calls such a method at once,
 * whatever its class says about commits.
 *
 * @internal
 */
final class Early extends LaravelCode
{
    public const METHODS = ['creating', 'updating', 'saving', 'deleting', 'restoring', 'forceDeleting'];

    public bool $afterCommit = true;

    public function creating(): void
    {
    }

    /**
     * Asks the framework that is installed by letting it prepare a listener of that kind.
     */
    public static function neverWait(): bool
    {
        $container = new Container();
        $asked = new self($container);
        $container->instance(self::class, $asked);
        $container->instance('db.transactions', $container);

        if (method_exists($asked, 'setTransactionManagerResolver')) {
            $asked->setTransactionManagerResolver(static fn () => $container); // @phpstan-ignore argument.type (any will do)
        }

        return is_array($asked->createClassCallable([self::class, 'creating']));
    }
}
