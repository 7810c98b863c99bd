<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests\Support;

use Composer\Autoload\ClassLoader;
use Illuminate\Foundation\Application;
use ReflectionClass;

/**
 * The files of an application as the skeleton of this version of Laravel has them, cut to what the
 * tests need.
 */
final class AppFolder
{
    /**
     * For the folder's programs.
     */
    private const ARTISAN = <<<'PHP'
<?php

require __DIR__.'/vendor/autoload.php';
spl_autoload_register(static function (string $class): void {
    $path = __DIR__.'/app/'.str_replace('\\', '/', substr($class, strlen('App\\'))).'.php';
    if (str_starts_with($class, 'App\\') && is_file($path)) {
        require $path;
    }
});
if (PHP_SAPI === 'cli') {
    $app = require __DIR__.'/bootstrap/app.php';
    $kernel = $app->make(Illuminate\Contracts\Console\Kernel::class);
    $input = new Symfony\Component\Console\Input\ArgvInput();
    $status = $kernel->handle($input, new Symfony\Component\Console\Output\ConsoleOutput());
    $kernel->terminate($input, $status);
    exit($status);
}

PHP;

    private const SERVER = <<<'PHP'
<?php

require __DIR__.'/artisan';
$app = require __DIR__.'/bootstrap/app.php';
$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);
$request = Illuminate\Http\Request::capture();
$response = $kernel->handle($request)->send();
$kernel->terminate($request, $response);

PHP;

    /**
     * @param array<string, string> $files more files, or other texts
     * @param bool $channels whether routes/channels.php is registered, as it is once somebody asked for it
     * @param string $more PHP code that finds the application in $app
     */
    public static function make(array $files = [], bool $channels = true, string $more = ''): Folder
    {
        $folder = new Folder($files + self::bootstrap($channels, $more) + ($channels ? ['routes/channels.php' => "<?php\n"] : []) + [
            'artisan' => self::ARTISAN,
            'server.php' => self::SERVER,
            'bootstrap/cache/.gitignore' => "*\n",
            'composer.json' => '{"autoload": {"psr-4": {"App\\\\": "app/"}}}',
            'resources/views/.gitignore' => '',
            'routes/console.php' => "<?php\n",
            'routes/web.php' => "<?php\n",
            'storage/framework/cache/data/.gitignore' => '',
            'storage/framework/sessions/.gitignore' => '',
            'storage/framework/views/.gitignore' => '',
            'storage/logs/.gitignore' => '',
        ]);
        symlink(self::vendor(), "{$folder->path}/vendor");

        return $folder;
    }

    /**
     * Laravel 11 and later configure the application in bootstrap/app.php and have no kernels.
     */
    public static function isStreamlined(): bool
    {
        return method_exists(Application::class, 'configure');
    }

    /**
     * The packages of the version of Laravel under test.
     */
    public static function vendor(): string
    {
        return dirname((string) (new ReflectionClass(ClassLoader::class))->getFileName(), 2);
    }

    /**
     * The variable that names the default broadcaster.
     */
    public static function driverVariable(): string
    {
        return self::isStreamlined() ? 'BROADCAST_CONNECTION' : 'BROADCAST_DRIVER';
    }

    /**
     * @return array<string, string>
     */
    private static function bootstrap(bool $channels, string $more): array
    {
        if (self::isStreamlined()) {
            return [
                'bootstrap/app.php' => self::streamlined($channels, $more),
                'bootstrap/providers.php' => "<?php\n\nreturn [];\n",
            ];
        }

        $files = ['bootstrap/app.php' => self::classic($more)];

        foreach (glob(dirname(__DIR__) . '/Skeleton/config/*.php') ?: [] as $path) {
            $files['config/' . basename($path)] = (string) file_get_contents($path);
        }

        if (! $channels) {
            $line = 'App\Providers\BroadcastServiceProvider::class';
            $files['config/app.php'] = str_replace($line, "// {$line}", $files['config/app.php']);
        }

        return $files;
    }

    private static function streamlined(bool $channels, string $more): string
    {
        $line = $channels ? "\n        channels: __DIR__.'/../routes/channels.php'," : '';

        return <<<PHP
<?php

use Illuminate\Foundation\Application;
use Illuminate\Foundation\Configuration\Exceptions;
use Illuminate\Foundation\Configuration\Middleware;

\$app = Application::configure(basePath: dirname(__DIR__))
    ->withRouting(
        web: __DIR__.'/../routes/web.php',
        commands: __DIR__.'/../routes/console.php',{$line}
        health: '/up',
    )
    ->withMiddleware(function (Middleware \$middleware) {
        \$middleware->validateCsrfTokens(except: ['*']);
    })
    ->withExceptions(function (Exceptions \$exceptions) {
        //
    })->create();
{$more}
return \$app;

PHP;
    }

    private static function classic(string $more): string
    {
        return <<<PHP
<?php

\$app = new Illuminate\Foundation\Application(dirname(__DIR__));

\$app->singleton(Illuminate\Contracts\Http\Kernel::class, App\Http\Kernel::class);
\$app->singleton(Illuminate\Contracts\Console\Kernel::class, App\Console\Kernel::class);
\$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, App\Exceptions\Handler::class);
{$more}
return \$app;

PHP;
    }
}
