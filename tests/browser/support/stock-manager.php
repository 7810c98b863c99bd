<?php

// SPDX-License-Identifier: MIT
//
// For one test alone: in front of the application, puts a class in the place of the package's manager
// that leaves Laravel's own as it is. Events then go to the queue, where no worker takes them out.

namespace Clairon\Laravel;

spl_autoload_register(static function (string $class): void {
    if ($class !== __NAMESPACE__.'\InlineBroadcastManager') {
        return;
    }

    class_alias(StockManager::class, $class);
}, prepend: true);

final class StockManager
{
    public static function wrap(object $manager): object
    {
        return $manager;
    }
}
