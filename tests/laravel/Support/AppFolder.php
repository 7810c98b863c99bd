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
     * For the folder's programs; its vendor folder is that of the tests.
     */
    private const ARTISAN = <<<'PHP'
<?php

require getenv('COMPOSER_VENDOR_DIR').'/autoload.php';
spl_autoload_register(static function (string $class): void {
    $path = __DIR__.'/app/'.str_replace('\\', '/', substr($class, strlen('App\\'))).'.php';
    if (str_starts_with($class, 'App\\') && is_file($path)) {
        require $path;
    }
});
if (PHP_SAPI === 'cli') {
    $app = require __DIR__.'/bootstrap/app.php';
    exit($app->handleCommand(new Symfony\Component\Console\Input\ArgvInput()));
}

PHP;

    private const SERVER = <<<'PHP'
<?php

require __DIR__.'/artisan';
(require __DIR__.'/bootstrap/app.php')->handleRequest(Illuminate\Http\Request::capture());

PHP;

    /**
     * @param array<string, string> $files more files, or other texts
     */
    public static function make(array $files = []): Folder
    {
        return new Folder($files + [
            'artisan' => self::ARTISAN,
            'server.php' => self::SERVER,
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
