<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

/**
 * The files of a Laravel 12 application, as its skeleton has them, cut to what the tests need.
 */
final class AppFolder
{
    private const BOOTSTRAP = <<<'PHP'
<?php

use Illuminate\Foundation\Application;
use Illuminate\Foundation\Configuration\Exceptions;
use Illuminate\Foundation\Configuration\Middleware;

return Application::configure(basePath: dirname(__DIR__))
    ->withRouting(
        web: __DIR__.'/../routes/web.php',
        commands: __DIR__.'/../routes/console.php',
        health: '/up',
    )
    ->withMiddleware(function (Middleware $middleware) {
        //
    })
    ->withExceptions(function (Exceptions $exceptions) {
        //
    })->create();

PHP;

    /**
     * @param array<string, string> $files more files, or other texts
     */
    public static function make(array $files = []): Folder
    {
        return new Folder($files + [
            'bootstrap/app.php' => self::BOOTSTRAP,
            'bootstrap/cache/.gitignore' => "*\n",
            'bootstrap/providers.php' => "<?php\n\nreturn [];\n",
            'composer.json' => '{"autoload": {"psr-4": {"App\\\\": "app/"}}}',
            'resources/views/.gitignore' => '',
            'routes/console.php' => "<?php\n",
            'routes/web.php' => "<?php\n",
            'storage/framework/cache/data/.gitignore' => '',
            'storage/framework/sessions/.gitignore' => '',
            'storage/framework/views/.gitignore' => '',
            'storage/logs/.gitignore' => '',
        ]);
    }
}
