<?php

// SPDX-License-Identifier: MIT

/*
 * PHPUnit's bootstrap: the packages of the version of Laravel whose phpunit runs.
 */

declare(strict_types=1);

use Illuminate\Foundation\Application;

require PHPUNIT_COMPOSER_INSTALL;

// Laravel 8 and 9 have a class of assertions that overrides methods which PHPUnit made final since.
if (preg_match('/\A[89]\./', Application::VERSION) === 1) {
    require __DIR__ . '/Support/assertions-of-laravel-8.php';
}

if (str_starts_with(Application::VERSION, '9.')) {
    require __DIR__ . '/Support/test-case-of-laravel-9.php';
}
