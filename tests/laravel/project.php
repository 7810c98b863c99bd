<?php

// SPDX-License-Identifier: MIT

/*
 * Prints the composer.json of the tests for one version of Laravel: this folder's, with another
 * framework, a PHPUnit that it allows, and the way back to this folder.
 *
 *   php project.php VERSION PREFIX [STAND-INS]
 *   VERSION     as the versions below are called
 *   PREFIX      of this folder as seen from the project's, "" or ending with a slash
 *   STAND-INS   "stand-ins": take demo/stand-ins for what the registry lacks
 */

declare(strict_types=1);

const VERSIONS = [
    '8.83' => ['8.83.*', '11.5.57'],
    '9.52' => ['9.52.*', '11.5.57'],
    '10.50' => ['10.50.*', '10.5.66'], // it conflicts with PHPUnit 11
    '11.57' => ['11.57.*', '11.5.57'],
    '12.72' => ['12.72.0', '11.5.57'],
    '13' => ['13.*', '11.5.57'],
];

[, $version, $prefix] = $argv;

if (! isset(VERSIONS[$version])) {
    fwrite(STDERR, "LARAVEL={$version} is none of " . implode(', ', array_keys(VERSIONS)) . ".\n");
    exit(1);
}

$project = json_decode((string) file_get_contents(__DIR__ . '/composer.json'), true, flags: JSON_THROW_ON_ERROR);
[$project['require']['laravel/framework'], $project['require']['phpunit/phpunit']] = VERSIONS[$version];
$project['repositories'] = [['type' => 'path', 'url' => "{$prefix}../../laravel"]];
$project['autoload']['psr-4'] = array_map(static fn (string $path) => $prefix . $path, $project['autoload']['psr-4']);
$project['autoload']['classmap'] = array_map(static fn (string $path) => $prefix . $path, $project['autoload']['classmap']);

if (($argv[3] ?? '') === 'stand-ins') {
    // Not canonical: what the registry has in a newer version comes from there.
    $project['repositories'][] = ['type' => 'path', 'url' => "{$prefix}../../demo/stand-ins/*", 'canonical' => false];
}

echo json_encode($project, JSON_UNESCAPED_SLASHES | JSON_PRETTY_PRINT | JSON_THROW_ON_ERROR), "\n";
