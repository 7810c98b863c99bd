<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\Schema;

return new class extends Migration
{
    /**
     * Run the migrations.
     */
    public function up(): void
    {
        // What the page calls a message, so that one that is sent again is not stored again.
        Schema::table('messages', function (Blueprint $table) {
            $table->string('client_id', 32)->nullable();
            $table->unique(['sender_id', 'client_id']);
        });
    }

    /**
     * Reverse the migrations.
     */
    public function down(): void
    {
        Schema::table('messages', function (Blueprint $table) {
            $table->dropUnique(['sender_id', 'client_id']);
            $table->dropColumn('client_id');
        });
    }
};
