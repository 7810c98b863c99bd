<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Illuminate\Foundation\Application;

/**
 * resources/js/echo.js and its import. The broadcaster stays "reverb": that is Echo's name for a
 * server that speaks the Pusher protocol at an address of one's own.
 */
final class EchoStep implements Step
{
    private const STUB = __DIR__ . '/../../resources/echo.js';

    private const IMPORT = "import './echo';";

    private const REQUIRE = "require('./echo');";

    public function run(Application $app, Journal $journal): void
    {
        $folder = $app->resourcePath('js');

        if (! is_dir($folder) && ! is_file($app->basePath('package.json'))) {
            $journal->kept[] = 'resources/js: not there, and no package.json either';

            return;
        }

        $this->writeEcho($app, "{$folder}/echo.js", $journal);
        $this->import($folder, $journal);
        $this->advisePackages($app->basePath('package.json'), $journal);
    }

    private function writeEcho(Application $app, string $path, Journal $journal): void
    {
        $bundler = Bundler::of($app);
        $stub = $bundler->adapt((string) file_get_contents(self::STUB));

        if (! TextFile::isThere($path)) {
            $file = TextFile::make($path);
            $file->text = $stub;
            $file->save();
            $journal->done[] = 'resources/js/echo.js: written';

            return;
        }

        $file = TextFile::read($path);

        if (str_contains($file->text, "{$bundler->prefix}CLAIRON_")) {
            $journal->kept[] = "resources/js/echo.js: reads {$bundler->prefix}CLAIRON_*";
        } elseif ($this->isUntouched($file->text)) {
            $file->text = str_replace("\n", $file->eol, $stub);
            $file->save();
            $journal->done[] = 'resources/js/echo.js: Laravel\'s own, unchanged so far, now reads VITE_CLAIRON_*';
        } else {
            $journal->kept[] = 'resources/js/echo.js: yours, not changed';
            $journal->advice[] = 'Let resources/js/echo.js read ' . implode(', ', array_map(
                static fn (string $name) => "{$bundler->prefix}CLAIRON_{$name}",
                ['APP_KEY', 'HOST', 'PORT', 'SCHEME']
            )) . ', as vendor/clairon/laravel/resources/echo.js does.';
        }
    }

    /**
     * Whether install:broadcasting wrote it and nobody changed it since.
     */
    private function isUntouched(string $text): bool
    {
        $reflection = new \ReflectionClass(Application::class);
        $stubs = glob(dirname((string) $reflection->getFileName()) . '/Console/stubs/echo-js-*.stub') ?: [];
        $plain = static fn (string $code) => trim(str_replace("\r\n", "\n", $code));

        foreach ($stubs as $stub) {
            if ($plain((string) file_get_contents($stub)) === $plain($text)) {
                return true;
            }
        }

        return false;
    }

    private function import(string $folder, Journal $journal): void
    {
        foreach (['bootstrap.js', 'app.js', 'bootstrap.ts', 'app.ts', 'app.tsx', 'app.jsx'] as $name) {
            if (! TextFile::isThere("{$folder}/{$name}")) {
                continue;
            }

            $file = TextFile::read("{$folder}/{$name}");

            if (preg_match('~^(?!\s*//).*[\'"]\./echo(?:\.js)?[\'"]~m', $file->text) === 1) {
                $journal->kept[] = "resources/js/{$name}: imports echo.js";

                return;
            }

            $isCommon = str_contains($file->text, 'require(') && preg_match('/^\s*import\b/m', $file->text) !== 1;
            $file->append(($file->text === '' ? '' : "\n") . ($isCommon ? self::REQUIRE : self::IMPORT) . "\n");
            $file->save();
            $journal->done[] = "resources/js/{$name}: imports echo.js";

            return;
        }

        $journal->advice[] = 'Import resources/js/echo.js in the file that your pages load: '
            . 'neither bootstrap.js nor app.js is there.';
    }

    private function advisePackages(string $path, Journal $journal): void
    {
        $package = is_file($path) ? json_decode((string) file_get_contents($path), true) : null;
        $package = is_array($package) ? $package : [];
        $installed = (array) ($package['dependencies'] ?? []) + (array) ($package['devDependencies'] ?? []);
        $missing = array_diff(['laravel-echo', 'pusher-js'], array_keys($installed));

        if ($missing !== []) {
            $journal->advice[] = 'Run "npm install --save-dev ' . implode(' ', $missing) . '".';
        }
    }
}
