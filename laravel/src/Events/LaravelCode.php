<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Events;

use Illuminate\Events\Dispatcher;
use Illuminate\Events\QueuedClosure;
use ReflectionClass;

/*
 * LaravelCode is Laravel's dispatcher, also where somebody made its name an alias of ours, as one does
 * to run Laravel's own tests against NativeDispatcher. Then the class is read from its file under
 * another name: Stock would else extend the class that it serves.
 */
if (is_a(Dispatcher::class, \Clairon\Dispatcher::class, true)) { // @phpstan-ignore function.impossibleType (there)
    eval(preg_replace(
        ['/^<\?php/', '/^class Dispatcher\b/m'],
        ['', 'class DispatcherUnderOtherName'],
        (string) file_get_contents(dirname((string) (new ReflectionClass(QueuedClosure::class))->getFileName()) . '/Dispatcher.php')
    ));
    class_alias('Illuminate\Events\DispatcherUnderOtherName', LaravelCode::class);
} else {
    class_alias(Dispatcher::class, LaravelCode::class);
}
