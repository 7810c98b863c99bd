<?php

// SPDX-License-Identifier: MIT

/*
 * PHPUnit's bootstrap: the packages of the version of Laravel whose phpunit runs.
 */

declare(strict_types=1);

use Illuminate\Foundation\Application;

require PHPUNIT_COMPOSER_INSTALL;

// Laravel 8 has a class of assertions that overrides methods which PHPUnit made final since.
if (str_starts_with(Application::VERSION, '8.')) {
    require __DIR__ . '/Support/assertions-of-laravel-8.php';
}
