<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Install;

use Illuminate\Foundation\Application;

/**
 * routes/channels.php and its registration, as install:broadcasting makes them. That command is not
 * called: it would choose another driver, write its variables and rewrite .env and echo.js.
 */
final class ChannelsStep implements Step
{
    private const ROUTES = <<<'PHP'
<?php

use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('App.Models.User.{id}', function ($user, $id) {
    return (int) $user->id === (int) $id;
});

PHP;

    private const LINE = "channels: __DIR__.'/../routes/channels.php',";

    private const COMMENTED_PROVIDER = '~//[ \t]*(App\\\\Providers\\\\BroadcastServiceProvider::class)~';

    public function run(Application $app, Journal $journal): void
    {
        $this->writeRoutes($app->basePath('routes/channels.php'), $journal);
        $bootstrap = $app->basePath('bootstrap/app.php');
        $text = TextFile::isThere($bootstrap) ? TextFile::read($bootstrap)->text : '';

        if (str_contains($text, 'Application::configure(')) {
            $this->register(TextFile::read($bootstrap), $journal);
        } else {
            $this->enableProvider($app->configPath('app.php'), $journal);
        }
    }

    private function writeRoutes(string $path, Journal $journal): void
    {
        if (TextFile::isThere($path)) {
            $journal->kept[] = 'routes/channels.php: is there';

            return;
        }

        $file = TextFile::make($path);
        $file->append(self::ROUTES);
        $file->save();
        $journal->done[] = 'routes/channels.php: written';
    }

    private function register(TextFile $file, Journal $journal): void
    {
        if (preg_match('~\bchannels:|->withBroadcasting\(~', php_strip_whitespace($file->path)) === 1) {
            $journal->kept[] = 'bootstrap/app.php: channels are registered';

            return;
        }

        foreach ($this->places($file->eol) as $pattern => $replacement) {
            $changed = preg_replace($pattern, $replacement, $file->text, 1, $count);

            if ($count === 1) {
                $file->text = (string) $changed;
                $file->save();
                $journal->done[] = 'bootstrap/app.php: registered routes/channels.php';

                return;
            }
        }

        $journal->failed[] = 'bootstrap/app.php has no withRouting(): add '
            . "->withBroadcasting(__DIR__.'/../routes/channels.php') to it by hand.";
    }

    /**
     * @return array<string, string> pattern and replacement, best place first
     */
    private function places(string $eol): array
    {
        return [
            '~^([ \t]*)//[ \t]*(channels:)~m' => '$1$2',
            '~^([ \t]*)commands:[^\n]*,[ \t]*\r?\n~m' => '$0$1' . self::LINE . $eol,
            '~^([ \t]*)->withRouting\(~m' => '$0' . $eol . '$1    ' . self::LINE,
        ];
    }

    /**
     * Besides the framework's own provider of that name, which every config/app.php had once.
     */
    private function namesProvider(string $path): bool
    {
        $code = is_file($path) ? php_strip_whitespace($path) : '';

        return preg_match('~(?<!Illuminate\\\\Broadcasting\\\\)\bBroadcastServiceProvider::class~', $code) === 1;
    }

    /**
     * The skeleton of Laravel 10 and before.
     */
    private function enableProvider(string $path, Journal $journal): void
    {
        $file = TextFile::isThere($path) ? TextFile::read($path) : TextFile::make($path);

        if (preg_match(self::COMMENTED_PROVIDER, $file->text) === 1) {
            $file->text = (string) preg_replace(self::COMMENTED_PROVIDER, '$1', $file->text);
            $file->save();
            $journal->done[] = 'config/app.php: enabled BroadcastServiceProvider';
        } elseif ($this->namesProvider($path)) {
            $journal->kept[] = 'config/app.php: BroadcastServiceProvider is enabled';
        } else {
            $journal->failed[] = 'Neither bootstrap/app.php nor config/app.php could register routes/channels.php: '
                . 'call Broadcast::routes() and require the file in a service provider.';
        }
    }
}
