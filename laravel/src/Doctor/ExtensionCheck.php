<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Doctor;

use Composer\InstalledVersions;

/**
 * Whether PHP has the extension, here and in php-fpm, and whether it is of the package's release.
 */
final class ExtensionCheck implements Check
{
    private const ABOUT = 'Extension';

    /**
     * @param string|null $version of the extension, null: not loaded
     * @param string|null $fpm php-fpm's folder of .ini files
     */
    public function __construct(private readonly ?string $version, private readonly ?string $fpm)
    {
    }

    public static function make(): self
    {
        // Debian: /etc/php/8.2/cli/conf.d and /etc/php/8.2/fpm/conf.d.
        $folder = (string) preg_replace('~/cli/conf\.d/?\z~', '/fpm/conf.d', PHP_CONFIG_FILE_SCAN_DIR, 1, $count);

        return new self(phpversion('clairon') ?: null, $count === 1 && is_dir($folder) ? $folder : null);
    }

    public function findings(Subject $subject): iterable
    {
        $php = 'PHP ' . PHP_VERSION . ' (' . PHP_SAPI . ')';

        if ($this->version === null) {
            yield Finding::problem(
                self::ABOUT,
                "\"clairon\" is not loaded in {$php}.",
                'Run "pecl install clairon", put "extension=clairon" into ' . (php_ini_loaded_file() ?: 'php.ini')
                . ', and into php-fpm\'s too, then restart php-fpm.'
            );
        } else {
            yield Finding::ok(self::ABOUT, "clairon {$this->version} in {$php}");
            yield from $this->package($this->version);
        }

        if ($this->fpm !== null && ! $this->isNamedIn($this->fpm)) {
            yield Finding::note(
                self::ABOUT,
                "php-fpm has settings of its own, and no file in {$this->fpm} loads clairon.",
                'If php-fpm serves this application, put "extension=clairon" there, too ("phpenmod clairon" on Debian), and restart it.'
            );
        }
    }

    /**
     * @return iterable<Finding>
     */
    private function package(string $extension): iterable
    {
        $package = InstalledVersions::isInstalled('clairon/laravel')
            ? ltrim((string) InstalledVersions::getPrettyVersion('clairon/laravel'), 'v')
            : '';

        // Not for "dev-main" and the like.
        if (preg_match('/\A\d+\.\d+\.\d+\z/', $package) === 1 && $package !== $extension) {
            yield Finding::problem(
                self::ABOUT,
                "The package clairon/laravel is version {$package}, the extension is {$extension}.",
                "Install both from one release: composer require clairon/laravel:{$extension}, or pecl install clairon-{$package}."
            );
        }
    }

    private function isNamedIn(string $folder): bool
    {
        foreach (glob("{$folder}/*.ini") ?: [] as $file) {
            if (preg_match('/^\s*extension\s*=.*clairon/m', (string) @file_get_contents($file)) === 1) {
                return true;
            }
        }

        return false;
    }
}
