<?php

// SPDX-License-Identifier: MIT
//
// Makes the name of Laravel's dispatcher an alias of NativeDispatcher, as for running Laravel's own tests
// against it, and puts the scenarios of DispatcherTest through both. Prints how many were the same.
//
//   php substituted.php AUTOLOADER

declare(strict_types=1);

use Clairon\Laravel\Events\LaravelCode;
use Clairon\Laravel\Events\NativeDispatcher;
use Clairon\Laravel\Tests\DispatcherTest;

require $argv[1]; // the packages of the version of Laravel that is tested

class_alias(NativeDispatcher::class, 'Illuminate\Events\Dispatcher');
set_error_handler(static fn () => true);
class_exists(LaravelCode::class); // loads Laravel's code under its other name

$test = new DispatcherTest('substituted');
$same = 0;
for ($seed = 1; $seed <= 100; $seed++) {
    $same += (int) ($test->scenario('Illuminate\Events\DispatcherUnderOtherName', $seed)
        === $test->scenario('Illuminate\Events\Dispatcher', $seed));
}
echo "{$same} the same\n";
