<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Illuminate\Foundation\Application;
use Illuminate\Foundation\Vite;

/**
 * What builds the application's scripts: Vite, or Mix up to Laravel 9. Each shows scripts the variables
 * of its own prefix only.
 */
final class Bundler
{
    private function __construct(public readonly string $prefix, private readonly string $object)
    {
    }

    public static function of(Application $app): self
    {
        $path = $app->basePath('package.json');
        $text = is_file($path) ? (string) file_get_contents($path) : '';
        $isMix = str_contains($text, '"laravel-mix"') && ! str_contains($text, '"vite"');

        return $isMix || ($text === '' && ! class_exists(Vite::class))
            ? new self('MIX_', 'process.env.')
            : new self('VITE_', 'import.meta.env.');
    }

    /**
     * A script of this package, which reads variables as Vite shows them, as this bundler shows them.
     */
    public function adapt(string $script): string
    {
        return str_replace('import.meta.env.VITE_', $this->object . $this->prefix, $script);
    }
}
