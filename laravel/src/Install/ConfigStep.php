<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Illuminate\Foundation\Application;

/**
 * config/clairon.php, and the connection in config/broadcasting.php where the application has that
 * file. Without it the package's own connection is merged in, so nothing is missing.
 */
final class ConfigStep implements Step
{
    private const ENTRY = <<<'PHP'
        'clairon' => [
            'driver' => 'clairon',
            // All other keys have defaults that read CLAIRON_* from .env; see
            // vendor/clairon/laravel/config/connection.php.
        ],


PHP;

    public function run(Application $app, Journal $journal): void
    {
        $this->publish($app->configPath('clairon.php'), $journal);

        if (TextFile::isThere($path = $app->configPath('broadcasting.php'))) {
            $this->addConnection(TextFile::read($path), $journal);
        }

        if ($app->configurationIsCached()) {
            $journal->advice[] = 'The configuration is cached: run "php artisan config:cache" again.';
        }
    }

    private function publish(string $path, Journal $journal): void
    {
        if (TextFile::isThere($path)) {
            $journal->kept[] = 'config/clairon.php: is there';

            return;
        }

        $file = TextFile::make($path);
        $file->append((string) file_get_contents(__DIR__ . '/../../config/clairon.php'));
        $file->save();
        $journal->done[] = 'config/clairon.php: written';
    }

    private function addConnection(TextFile $file, Journal $journal): void
    {
        if (preg_match('/[\'"]clairon[\'"]\s*=>/', php_strip_whitespace($file->path)) === 1) {
            $journal->kept[] = 'config/broadcasting.php: has the connection';

            return;
        }

        $entry = str_replace("\n", $file->eol, self::ENTRY);
        $file->text = (string) preg_replace_callback(
            '/^[ \t]*[\'"]connections[\'"]\s*=>\s*(?:\[|array\()[ \t]*\r?\n(?:[ \t]*\r?\n)?/m',
            static fn (array $match) => $match[0] . $entry,
            $file->text,
            1,
            $count
        );

        if ($count === 0) {
            $journal->kept[] = 'config/broadcasting.php: its list of connections was not found; '
                . 'the package\'s own connection is used';

            return;
        }

        $file->save();
        $journal->done[] = 'config/broadcasting.php: added the connection';
    }
}
