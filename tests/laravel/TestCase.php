<?php

// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace Clairon\Laravel\Tests;

use Clairon\Laravel\Connection;
use Clairon\Laravel\Tests\Support\AppFolder;
use Clairon\Laravel\Tests\Support\FakeRelay;
use Clairon\Laravel\Tests\Support\Folder;
use Clairon\Laravel\Tests\Support\Handlers;
use Clairon\Publisher;
use Illuminate\Contracts\Console\Kernel;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Console\AboutCommand;
use Illuminate\Foundation\Testing\TestCase as LaravelTestCase;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Schema;
use ReflectionClass;
use Throwable;

/**
 * An application on SQLite in memory and the database queue, whose provider Laravel discovers, the
 * extension, and a relay that records what it gets.
 */
abstract class TestCase extends LaravelTestCase
{
    protected const CHANNELS = <<<'PHP'
<?php

use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('conversation.{id}', fn ($user, $id) => (int) $user->id === (int) $id);
PHP;

    protected Folder $folder;

    protected FakeRelay $relay;

    /** @var list<Throwable> what the exception handler got */
    protected array $reported = [];

    private Handlers $handlers;

    protected function setUp(): void
    {
        $this->handlers = new Handlers();
        $this->folder = AppFolder::make($this->files());
        $this->relay = FakeRelay::start("{$this->folder->path}/storage/framework/clairon.sock");
        parent::setUp();
        $this->migrate();
        $this->app->make(ExceptionHandler::class)->reportable(function (Throwable $e): bool {
            $this->reported[] = $e;

            return false;
        });
    }

    protected function tearDown(): void
    {
        parent::tearDown();
        $this->handlers->restore();
        $this->relay->stop();
        unset($this->folder, $this->relay);
        $this->reported = [];
        self::forgetAbout();
    }

    /**
     * Laravel 9's `about` keeps its sections, and with them the applications of earlier tests, whose
     * folders are gone; later versions clear them themselves.
     */
    private static function forgetAbout(): void
    {
        if (class_exists(AboutCommand::class) && ! method_exists(AboutCommand::class, 'flushState')) {
            $class = new ReflectionClass(AboutCommand::class);
            $class->setStaticPropertyValue('data', []);
            $class->setStaticPropertyValue('customDataResolvers', []);
        }
    }

    public function createApplication(): Application
    {
        $app = require "{$this->folder->path}/bootstrap/app.php";
        $app->make(Kernel::class)->bootstrap();

        return $app;
    }

    /**
     * @return array<string, string> files of the application besides the skeleton's
     */
    protected function files(): array
    {
        return ['routes/channels.php' => static::CHANNELS];
    }

    private function migrate(): void
    {
        Schema::create('jobs', static function (Blueprint $table): void {
            $table->id();
            $table->string('queue')->index();
            $table->longText('payload');
            $table->unsignedTinyInteger('attempts');
            $table->unsignedInteger('reserved_at')->nullable();
            $table->unsignedInteger('available_at');
            $table->unsignedInteger('created_at');
        });

        Schema::create('users', static function (Blueprint $table): void {
            $table->id();
            $table->string('name');
        });

        Schema::create('messages', static function (Blueprint $table): void {
            $table->id();
            $table->integer('sender_id')->default(1);
            $table->integer('receiver_id');
            $table->string('content');
            $table->string('status')->default('new');
        });
    }

    /**
     * One more on the connection that the application's has: same DSN, application and spool.
     */
    protected function publisher(): Publisher
    {
        return (new Connection(config('broadcasting.connections.clairon')))->publisher();
    }

    /**
     * What reached the relay since the last call.
     *
     * @return list<array{bus: string, id: string, except: string|null, channel: string, event: string, data: string}>
     */
    protected function published(): array
    {
        self::assertTrue($this->publisher()->flush(20000), 'the relay acknowledges everything');

        return $this->relay->take();
    }

    /**
     * @return list<string>
     */
    protected function publishedEvents(): array
    {
        return array_column($this->published(), 'event');
    }

    protected function jobs(): int
    {
        return DB::table('jobs')->count();
    }
}
